// Frames: what the scanner says must not depend on how the bytes were cut. The first byte of an input chooses
// the sender (bit 0) and the size of the pieces, the second the limit on messages; the rest is the stream.
#include <algorithm>
#include <cstdint>
#include <tuple>

#include "gateway/websocket/frame_scanner.h"
#include "tests/fuzz/check.h"

namespace {

using tidegate::Bytes;
using tidegate::websocket::FrameScanner;
using tidegate::websocket::Sender;

auto told(const FrameScanner& s) {
  return std::tuple(s.following(), s.at_boundary(), s.text_messages(), s.binary_messages(), s.pings(),
                    s.pongs(), s.bytes(), s.close_code());
}

void check_offsets(const FrameScanner::Seen& seen, std::size_t size) {
  FUZZ_CHECK(seen.first_boundary <= seen.boundary && seen.boundary <= size);
  FUZZ_CHECK((seen.first_boundary == 0) == (seen.boundary == 0));
  FUZZ_CHECK(seen.close_boundary <= seen.boundary && seen.close == (seen.close_boundary != 0));
  FUZZ_CHECK(seen.too_big_boundary <= size && (seen.too_big || seen.too_big_boundary == 0));
  FUZZ_CHECK(!seen.pong || seen.boundary != 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const Sender sender = (data[0] & 1) != 0 ? Sender::client : Sender::server;
  const std::size_t piece = 1 + (data[0] >> 1) % 32;
  const std::uint64_t limit = data[1];
  const Bytes stream(reinterpret_cast<const std::byte*>(data + 2), size - 2);

  FrameScanner whole(sender, limit);
  const FrameScanner::Seen all = whole.scan(stream);
  check_offsets(all, stream.size());
  FUZZ_CHECK(whole.bytes() == stream.size());

  FrameScanner cut(sender, limit);
  std::size_t first_boundary = 0, boundary = 0;
  bool too_big = false, other_than_pong = false;
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    const Bytes part = stream.subspan(at, std::min(piece, stream.size() - at));
    const FrameScanner::Seen seen = cut.scan(part);
    check_offsets(seen, part.size());
    if (seen.boundary != 0) {
      boundary = at + seen.boundary;
      if (first_boundary == 0) first_boundary = at + seen.first_boundary;
    }
    FUZZ_CHECK(seen.too_big || !too_big);
    if (seen.too_big && !too_big && !seen.too_big_mid_frame) {
      FUZZ_CHECK(at + seen.too_big_boundary == all.too_big_boundary);
    }
    too_big = seen.too_big;
    other_than_pong |= seen.other_than_pong;
  }
  FUZZ_CHECK(told(cut) == told(whole));
  FUZZ_CHECK(boundary == all.boundary && first_boundary == all.first_boundary);
  FUZZ_CHECK(too_big == all.too_big && other_than_pong == all.other_than_pong);
  return 0;
}
