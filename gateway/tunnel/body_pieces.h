#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gateway/base/bytes.h"
#include "gateway/base/result.h"
#include "gateway/http/body.h"

namespace tidegate::tunnel {

inline constexpr std::string_view kCrlf = "\r\n";

/// Puts `payload` between the chunk framing it needs; `header` must outlive the pieces.
void frame_as_chunk(std::vector<Bytes>& pieces, std::span<const Bytes> payload, char (&header)[24]);

/// What one run of bytes holds of a body: its payload and how much was consumed.
struct Taken {
  std::vector<Bytes> payload;
  std::size_t consumed = 0;
};
Result<Taken> take_payload(http::BodyDecoder& decoder, Bytes bytes);

/// The pieces of one write, or a single copy of them all where they are many (a body in tiny chunks).
class Gathered {
 public:
  explicit Gathered(std::span<const Bytes> pieces);
  Gathered(const Gathered&) = delete;
  Gathered& operator=(const Gathered&) = delete;
  std::span<const Bytes> pieces() const { return pieces_; }

 private:
  std::string joined_;
  Bytes whole_;
  std::span<const Bytes> pieces_;
};

}  // namespace tidegate::tunnel
