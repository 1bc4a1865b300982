#include "gateway/demo/echo.h"

#include <algorithm>
#include <span>
#include <utility>

#include "gateway/websocket/control_frame.h"

namespace tidegate::demo {
namespace {

using websocket::ControlFrame;
using websocket::Opcode;
using websocket::Sender;

constexpr std::uint8_t kFin = 0x80;
constexpr std::uint8_t kReserved = 0x70;
constexpr std::uint8_t kMasked = 0x80;
constexpr std::uint64_t kLongestControl = 125;

constexpr std::uint16_t kProtocolError = 1002;

bool is_control(Opcode opcode) {
  return (static_cast<std::uint8_t>(opcode) & 8) != 0;
}

bool is_known(std::uint8_t opcode) {
  return opcode <= 2 || (opcode >= 8 && opcode <= 10);
}

/// A server's header: the same frame without a mask (RFC 6455 §5.1).
void append_header(std::string& out, Opcode opcode, bool fin, std::uint64_t length) {
  const auto put = [&out](std::uint64_t byte) {
    out += static_cast<char>(static_cast<unsigned char>(byte & 0xFF));
  };
  put((fin ? kFin : 0u) | static_cast<std::uint64_t>(opcode));
  int length_bytes = 0;
  if (length < 126) {
    put(length);
  } else if (length <= 0xFFFF) {
    put(126);
    length_bytes = 2;
  } else {
    put(127);
    length_bytes = 8;
  }
  for (int shift = 8 * (length_bytes - 1); shift >= 0; shift -= 8) put(length >> shift);
}

}  // namespace

Echo::Next Echo::feed(Bytes bytes, std::string& out) {
  while (!bytes.empty() && state_ != State::closed) {
    const std::size_t taken = state_ == State::header ? take_header(bytes, out) : take_payload(bytes, out);
    bytes = bytes.subspan(taken);
  }
  return state_ == State::closed ? Next::close : Next::go_on;
}

/// As far as its first two bytes tell.
std::size_t Echo::header_size() const {
  if (header_bytes_ < 2) return 2;
  const auto length = std::to_integer<std::uint8_t>(header_[1]) & 0x7F;
  const std::size_t length_bytes = length == 126 ? 2 : length == 127 ? 8 : 0;
  return 2 + length_bytes + 4;
}

std::size_t Echo::take_header(Bytes bytes, std::string& out) {
  std::size_t taken = 0;
  while (taken < bytes.size() && header_bytes_ < header_size()) header_[header_bytes_++] = bytes[taken++];
  if (header_bytes_ == header_size()) begin_frame(out);
  return taken;
}

/// The whole header is here; state_ becomes what follows it.
void Echo::begin_frame(std::string& out) {
  const std::size_t size = std::exchange(header_bytes_, 0);
  const auto byte = [this](std::size_t i) { return std::to_integer<std::uint8_t>(header_[i]); };
  const std::uint8_t opcode = byte(0) & 0x0F;
  const std::uint8_t short_length = byte(1) & 0x7F;

  frame_ = {};
  frame_.fin = (byte(0) & kFin) != 0;
  frame_.length = short_length;
  if (short_length >= 126) {
    frame_.length = 0;
    for (std::size_t i = 2; i < size - 4; ++i) frame_.length = frame_.length << 8 | byte(i);
  }
  std::copy_n(header_.begin() + static_cast<std::ptrdiff_t>(size) - 4, 4, frame_.mask.begin());

  const bool minimal = short_length < 126 || (short_length == 126 && frame_.length >= 126) ||
                       (short_length == 127 && frame_.length > 0xFFFF && frame_.length >> 63 == 0);
  // RFC 6455 §5.1: what a client sends is masked. §5.2: reserved bits and opcodes mean nothing without an
  // extension.
  if ((byte(1) & kMasked) == 0 || (byte(0) & kReserved) != 0 || !is_known(opcode) || !minimal) {
    return fail(kProtocolError, out);
  }
  frame_.opcode = static_cast<Opcode>(opcode);

  if (is_control(frame_.opcode)) {
    // RFC 6455 §5.5: control frames are short and never fragmented.
    if (!frame_.fin || frame_.length > kLongestControl) return fail(kProtocolError, out);
    control_payload_.clear();
    state_ = State::control;
    if (frame_.length == 0) end_control_frame(out);
    return;
  }

  // RFC 6455 §5.4: a message is one frame with an opcode of its own, then continuations.
  if (inside_message_ != (frame_.opcode == Opcode::continuation)) return fail(kProtocolError, out);
  inside_message_ = !frame_.fin;
  append_header(out, frame_.opcode, frame_.fin, frame_.length);
  state_ = frame_.length == 0 ? State::header : State::data;
}

std::size_t Echo::take_payload(Bytes bytes, std::string& out) {
  std::string& into = state_ == State::data ? out : control_payload_;
  const auto taken =
      static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), frame_.length - frame_.done));
  const std::size_t begin = into.size();
  into += as_text(bytes.first(taken));
  websocket::apply_mask(std::as_writable_bytes(std::span(into).subspan(begin)), frame_.mask,
                        static_cast<std::size_t>(frame_.done & 3));
  frame_.done += taken;
  if (frame_.done < frame_.length) return taken;
  if (state_ == State::data) {
    state_ = State::header;
  } else {
    end_control_frame(out);
  }
  return taken;
}

void Echo::end_control_frame(std::string& out) {
  state_ = State::header;
  if (frame_.opcode == Opcode::ping) {
    out += as_text(ControlFrame::pong(Sender::server, control_payload_).bytes());
  } else if (frame_.opcode == Opcode::close) {
    answer_close(out);
  }
}

/// RFC 6455 §5.5.1: with the code that came, or without one.
void Echo::answer_close(std::string& out) {
  if (control_payload_.empty()) {
    append_header(out, Opcode::close, true, 0);
    state_ = State::closed;
    return;
  }
  if (control_payload_.size() == 1) return fail(kProtocolError, out);
  const auto byte = [this](std::size_t i) { return static_cast<unsigned char>(control_payload_[i]); };
  const auto code = static_cast<std::uint16_t>(byte(0) << 8 | byte(1));
  fail(websocket::may_be_sent(code) ? code : kProtocolError, out);
}

void Echo::fail(std::uint16_t close_code, std::string& out) {
  out += as_text(ControlFrame::close(Sender::server, close_code).bytes());
  state_ = State::closed;
}

}  // namespace tidegate::demo
