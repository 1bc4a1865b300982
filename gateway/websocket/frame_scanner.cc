#include "gateway/websocket/frame_scanner.h"

#include <algorithm>

#include "gateway/websocket/frame_observer.h"

namespace tidegate::websocket {
namespace {

constexpr std::uint8_t kFin = 0x80;  // RFC 6455 §5.2, first byte
constexpr std::uint8_t kOpcode = 0x0f;
constexpr std::uint8_t kMasked = 0x80;  // second byte
constexpr std::uint8_t kLength = 0x7f;
constexpr std::uint8_t kLength16 = 126;  // the length stands in the next two bytes
constexpr std::uint8_t kLength64 = 127;  // or in the next eight
constexpr std::size_t kMaskSize = 4;
constexpr std::uint16_t kNoStatus = 1005;  // RFC 6455 §7.1.5

std::uint8_t value(std::byte b) {
  return std::to_integer<std::uint8_t>(b);
}

bool is_control(Opcode opcode) {
  return static_cast<std::uint8_t>(opcode) >= 8;
}

bool is_reserved(std::uint8_t opcode) {
  return (opcode > 2 && opcode < 8) || opcode > 10;
}

std::size_t length_size(std::uint8_t length) {
  return length == kLength16 ? 2 : length == kLength64 ? 8 : 0;
}

std::uint64_t big_endian(const std::byte* bytes, std::size_t count) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < count; ++i) number = number << 8 | value(bytes[i]);
  return number;
}

/// What the first two bytes of a header say.
Frame frame_of(std::byte first, std::byte second, std::uint64_t length) {
  return {static_cast<Opcode>(value(first) & kOpcode),
          (value(first) & kFin) != 0,
          static_cast<std::uint8_t>(value(first) >> 4 & 7),
          (value(second) & kMasked) != 0,
          length,
          std::nullopt};
}

}  // namespace

static_assert(sizeof(FrameScanner) <= 96);

FrameScanner::Seen FrameScanner::scan(Bytes bytes, FrameObserver* observer) {
  Seen seen;
  seen.too_big_mid_frame = too_big_;
  bytes_ += bytes.size();
  std::size_t at = 0;
  while (at < bytes.size() && state_ != State::stopped) {
    if (state_ == State::header) {
      at = read_header(bytes, at, seen, observer);
    } else {
      if (opcode_ != Opcode::pong) seen.other_than_pong = true;
      at = pass_payload(bytes, at);
    }
    if (state_ == State::payload && payload_left_ == 0) end_frame(at, seen, observer);
  }
  if (state_ == State::stopped && !bytes.empty()) seen.other_than_pong = true;
  seen.too_big = too_big_;
  return seen;
}

/// Reads a header, or what there is of it, from `at` on; answers where it stopped reading.
std::size_t FrameScanner::read_header(Bytes bytes, std::size_t at, Seen& seen, FrameObserver* observer) {
  const std::size_t began = at;
  const bool began_here = header_have_ == 0;
  if (began_here && bytes.size() - at >= 2) {  // most headers come whole: no copy
    if (!begin_header(bytes[at], bytes[at + 1])) return at;
    if (opcode_ != Opcode::pong) seen.other_than_pong = true;
    if (bytes.size() - at >= header_size_) {
      at += header_size_;
      if (begin_frame(bytes.data() + began, observer)) check_limit(began, began_here, seen);
      return at;
    }
  }
  do {
    header_[header_have_++] = bytes[at++];
    if (header_have_ == 1) opcode_ = static_cast<Opcode>(value(header_[0]) & kOpcode);
    if (header_have_ == 2 && !begin_header(header_[0], header_[1])) return at;
  } while (at < bytes.size() && (header_have_ < 2 || header_have_ < header_size_));
  if (opcode_ != Opcode::pong) seen.other_than_pong = true;
  if (header_have_ >= 2 && header_have_ == header_size_) {
    header_have_ = 0;
    if (begin_frame(header_.data(), observer)) check_limit(began, began_here, seen);
  }
  return at;
}

/// Judges what a header's first two bytes say and sets header_size_; stops where no frame begins like this.
bool FrameScanner::begin_header(std::byte first, std::byte second) {
  const std::uint8_t opcode = value(first) & kOpcode;
  const std::uint8_t length = value(second) & kLength;
  const bool masked = (value(second) & kMasked) != 0;
  const bool in_message = message_ != Opcode::continuation;
  fin_ = (value(first) & kFin) != 0;
  opcode_ = static_cast<Opcode>(opcode);

  bool sound = !is_reserved(opcode) && masked == (sender_ == Sender::client);  // RFC 6455 §5.1
  if (is_control(opcode_)) {
    sound = sound && fin_ && length <= 125;  // RFC 6455 §5.5: neither fragmented nor long
  } else {
    sound = sound && in_message == (opcode_ == Opcode::continuation);  // RFC 6455 §5.4
  }
  if (!sound) {
    stop();
    return false;
  }
  header_size_ = static_cast<std::uint8_t>(2 + length_size(length) + (masked ? kMaskSize : 0));
  return true;
}

/// Takes a whole header whose first two bytes are judged already.
bool FrameScanner::begin_frame(const std::byte* header, FrameObserver* observer) {
  const std::uint8_t length = value(header[1]) & kLength;
  const std::size_t extended = length_size(length);
  payload_left_ = extended == 0 ? length : big_endian(header + 2, extended);
  // RFC 6455 §5.2: the minimal number of bytes, and the most significant bit 0.
  if ((length == kLength16 && payload_left_ < kLength16) ||
      (length == kLength64 && (payload_left_ <= 0xffff || payload_left_ >> 63 != 0))) {
    stop();
    return false;
  }
  if (opcode_ == Opcode::close) {
    close_read_ = 0;
    const std::array first_two{header[0], header[1]};  // `header` may be header_
    if (sender_ == Sender::client) std::copy_n(header + 2 + extended, kMaskSize, header_.begin());
    std::copy_n(first_two.begin(), 2, header_.begin() + kCloseHeader);
  } else if (observer != nullptr) {
    observer->on_frame(frame_of(header[0], header[1], payload_left_));
  }
  if (opcode_ == Opcode::text || opcode_ == Opcode::binary) {
    message_ = opcode_;
    message_bytes_ = 0;
  }
  state_ = State::payload;
  return true;
}

/// Adds the frame whose header was just read to its message and compares that with the limit.
void FrameScanner::check_limit(std::size_t frame_began, bool began_here, Seen& seen) {
  if (is_control(opcode_)) return;
  message_bytes_ += payload_left_;  // cannot wrap: all but the last term went by as bytes
  if (max_message_bytes_ == 0 || message_bytes_ <= max_message_bytes_ || too_big_) return;
  too_big_ = true;
  seen.too_big_boundary = began_here ? frame_began : 0;
  seen.too_big_mid_frame = !began_here;
}

std::size_t FrameScanner::pass_payload(Bytes bytes, std::size_t at) {
  const std::size_t available = bytes.size() - at;
  const std::size_t passed = payload_left_ < available ? static_cast<std::size_t>(payload_left_) : available;
  if (opcode_ == Opcode::close && !close_seen_) {
    for (std::size_t i = at; i < at + passed && close_read_ < 2; ++i, ++close_read_) {
      std::uint8_t byte = value(bytes[i]);
      if (sender_ == Sender::client) byte = static_cast<std::uint8_t>(byte ^ value(header_[close_read_]));
      close_code_ = static_cast<std::uint16_t>(close_code_ << 8 | byte);
    }
  }
  payload_left_ -= passed;
  return at + passed;
}

void FrameScanner::end_frame(std::size_t at, Seen& seen, FrameObserver* observer) {
  state_ = State::header;
  seen.boundary = at;
  if (seen.first_boundary == 0) seen.first_boundary = at;
  switch (opcode_) {
    case Opcode::continuation:
    case Opcode::text:
    case Opcode::binary:
      if (!fin_) break;
      ++(message_ == Opcode::text ? text_messages_ : binary_messages_);
      message_ = Opcode::continuation;
      break;
    case Opcode::close:
      if (!seen.close) seen.close_boundary = at;
      seen.close = true;
      end_close(observer);
      break;
    case Opcode::ping:
      ++pings_;
      break;
    case Opcode::pong:
      ++pongs_;
      seen.pong = true;
      break;
  }
}

void FrameScanner::end_close(FrameObserver* observer) {
  const bool first = !close_seen_;
  close_seen_ = true;
  if (first && close_read_ < 2) close_code_ = kNoStatus;
  if (observer == nullptr) return;
  const std::byte second = header_[kCloseHeader + 1];
  Frame frame = frame_of(header_[kCloseHeader], second, value(second) & kLength);
  if (first) frame.close_code = close_code_;
  observer->on_frame(frame);
}

std::optional<std::uint16_t> FrameScanner::close_code() const {
  if (!close_seen_) return std::nullopt;
  return close_code_;
}

}  // namespace tidegate::websocket
