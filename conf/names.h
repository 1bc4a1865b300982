#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace tidegate::conf {

/// The text in quotes for a message: shortened, control characters and quotes escaped.
std::string in_quotes(std::string_view text);

/// "a, b or c" and "a, b and c".
std::string one_of(std::span<const std::string_view> words);
std::string all_of(std::span<const std::string_view> words);

/// How many letters to insert, drop, change or swap with their neighbour to get from one word to the other
/// (the optimal string alignment distance).
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate that was probably meant by `word`, case ignored; empty if none is near. The first of equals.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

/// A token of RFC 9110 §5.6.2: field names, methods, subprotocols.
bool is_token(std::string_view text);

/// No control characters but HTAB: what a field value may hold (RFC 9110 §5.5), UTF-8 included.
bool is_field_value(std::string_view text);

}  // namespace tidegate::conf
