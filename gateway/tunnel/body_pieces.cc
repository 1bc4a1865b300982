#include "gateway/tunnel/body_pieces.h"

namespace tidegate::tunnel {

/// More pieces than this cost less copied together than handed to the kernel a few at a time.
constexpr std::size_t kMaxPieces = 64;

void frame_as_chunk(std::vector<Bytes>& pieces, std::span<const Bytes> payload, char (&header)[24]) {
  std::uint64_t size = 0;
  for (Bytes part : payload) size += part.size();
  if (size == 0) return;
  pieces.push_back(as_bytes(http::chunk_header(size, header)));
  pieces.insert(pieces.end(), payload.begin(), payload.end());
  pieces.push_back(as_bytes(kCrlf));
}

Result<Taken> take_payload(http::BodyDecoder& decoder, Bytes bytes) {
  Taken taken;
  while (taken.consumed < bytes.size() && !decoder.complete()) {
    auto step = decoder.feed(bytes.subspan(taken.consumed));
    if (!step) return step.error();
    taken.consumed += step.value().consumed;
    if (!step.value().data.empty()) taken.payload.push_back(step.value().data);
  }
  return taken;
}

Gathered::Gathered(std::span<const Bytes> pieces) : pieces_(pieces) {
  if (pieces.size() <= kMaxPieces) return;
  for (Bytes piece : pieces) joined_ += as_text(piece);
  whole_ = as_bytes(joined_);
  pieces_ = {&whole_, 1};
}

}  // namespace tidegate::tunnel
