#include "gateway/tunnel/file_answer.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "gateway/sites/byteranges.h"
#include "gateway/sites/conditions.h"

namespace tidegate::tunnel {

FileAnswer::FileAnswer(net::Loop& loop, FileSink& sink, sites::File file,
                       std::vector<sites::ByteRange> ranges, std::string content_type,
                       std::chrono::milliseconds send_timeout)
    : loop_(loop),
      sink_(sink),
      file_(std::move(file)),
      ranges_(std::move(ranges)),
      content_type_(std::move(content_type)),
      send_timeout_(send_timeout) {
  if (ranges_.empty()) {
    parts_.push_back({{}, 0, file_.size()});
  } else if (ranges_.size() == 1) {
    parts_.push_back({{}, ranges_.front().first, ranges_.front().last + 1});
  } else {
    sites::Byteranges layout = sites::lay_out(ranges_, content_type_, file_.size(), sites::next_boundary());
    for (auto& [head, range] : layout.parts) parts_.push_back({std::move(head), range.first, range.last + 1});
    parts_.push_back({std::move(layout.end), 0, 0});
    content_type_ = std::move(layout.content_type);
  }
  for (const Part& part : parts_) length_ += part.text.size() + (part.end - part.at);
}

std::string FileAnswer::content_range() const {
  return ranges_.size() == 1 ? sites::content_range(ranges_.front(), file_.size()) : std::string();
}

void FileAnswer::pump() {
  std::size_t turn = 0;
  while (!over_ && !congested_ && part_ < parts_.size()) {
    if (turn >= kTurn) return loop_.defer(*this);
    if (!send_piece()) {
      cancel();
      return sink_.on_file_failed(Reason::internal);
    }
    turn += kPiece;
  }
  if (over_ || congested_) return;
  cancel();
  sink_.on_file_sent();
}

/// The text before a part, or the next piece of it. False: the file is not what it was.
bool FileAnswer::send_piece() {
  Part& part = parts_[part_];
  if (!part.text.empty()) {
    const std::string text = std::exchange(part.text, {});
    send(as_bytes(text));
  } else if (part.at < part.end) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, part.end - part.at));
    const auto buffer = std::make_unique_for_overwrite<std::byte[]>(size);
    ssize_t got = 0;
    do {
      got = ::pread(file_.fd(), buffer.get(), size, static_cast<off_t>(part.at));
    } while (got < 0 && errno == EINTR);
    if (got <= 0) return false;
    part.at += static_cast<std::uint64_t>(got);
    send(Bytes(buffer.get(), static_cast<std::size_t>(got)));
  }
  if (part.text.empty() && part.at == part.end) ++part_;
  return true;
}

void FileAnswer::send(Bytes bytes) {
  if (sink_.write(std::array{bytes}) == net::Flow::ready) return;
  congested_ = true;
  stall_bytes_ = sink_.unsent_bytes();
  stall_.arm(loop_.timers(), send_timeout_);
}

void FileAnswer::on_client_drained() {
  if (over_ || !std::exchange(congested_, false)) return;
  stall_.disarm();
  pump();
}

void FileAnswer::on_stall() {
  const std::size_t unsent = sink_.unsent_bytes();
  if (unsent < std::exchange(stall_bytes_, unsent)) return stall_.arm(loop_.timers(), send_timeout_);
  cancel();
  sink_.on_file_failed(Reason::send_timeout);
}

void FileAnswer::cancel() {
  over_ = true;
  stall_.disarm();
  unlink();
}

}  // namespace tidegate::tunnel
