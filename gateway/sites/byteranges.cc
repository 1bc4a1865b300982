#include "gateway/sites/byteranges.h"

#include <atomic>

#include "gateway/base/escape.h"
#include "gateway/sites/conditions.h"

namespace tidegate::sites {

Byteranges lay_out(std::span<const ByteRange> ranges, std::string_view content_type, std::uint64_t size,
                   std::uint64_t number) {
  std::string boundary;
  append_padded(boundary, number, 20);
  std::string head = "\r\n--" + boundary + "\r\n";
  if (!content_type.empty()) head.append("Content-Type: ").append(content_type).append("\r\n");

  Byteranges out{.content_type = "multipart/byteranges; boundary=" + boundary,
                 .end = "\r\n--" + boundary + "--\r\n"};
  out.length = out.end.size();
  out.parts.reserve(ranges.size());
  for (const ByteRange& range : ranges) {
    out.parts.push_back({head + "Content-Range: " + content_range(range, size) + "\r\n\r\n", range});
    out.length += out.parts.back().head.size() + (range.last - range.first + 1);
  }
  return out;
}

std::uint64_t next_boundary() {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace tidegate::sites
