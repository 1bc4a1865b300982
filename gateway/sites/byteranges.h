#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/sites/file.h"

namespace tidegate::sites {

/// The body of an answer with several ranges (multipart/byteranges, RFC 9110 §14.6), laid out as nginx does
/// it. What goes out, in order: for each part its head, then the range's bytes; at last the end.
struct Byteranges {
  struct Part {
    std::string head;  ///< CRLF, boundary, fields, empty line
    ByteRange range;
  };
  std::string content_type{};  ///< of the answer, boundary included
  std::vector<Part> parts{};
  std::string end{};
  std::uint64_t length = 0;  ///< of the body as a whole: Content-Length
};

/// `content_type`: SendFile's, of the file; empty: the parts do not say. `size`: of the file. `number`:
/// becomes the boundary; a new one for each answer.
Byteranges lay_out(std::span<const ByteRange> ranges, std::string_view content_type, std::uint64_t size,
                   std::uint64_t number);
/// A number that this process has not given before. Any thread.
std::uint64_t next_boundary();

}  // namespace tidegate::sites
