#include "gateway/admin/gzip.h"

#include <zlib.h>

#include <limits>

namespace tidegate::admin {

std::optional<std::string> gzip(std::string_view text) {
  constexpr int kGzip = 15 + 16;  // zlib.h: the largest window, and gzip's header instead of zlib's
  constexpr int kMemory = 8;
  if (text.size() > std::numeric_limits<uInt>::max()) return std::nullopt;
  z_stream stream{};
  // Metrics repeat themselves so much that the fastest level leaves a twentieth.
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzip, kMemory, Z_DEFAULT_STRATEGY) != Z_OK)
    return std::nullopt;
  std::string out(deflateBound(&stream, text.size()), '\0');
  std::string in(text);  // zlib reads it only, but its type says otherwise
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int result = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (result != Z_STREAM_END) return std::nullopt;
  return out;
}

}  // namespace tidegate::admin
