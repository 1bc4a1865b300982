#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "gateway/base/bytes.h"
#include "gateway/websocket/frame_scanner.h"

namespace tidegate::demo {

/// The server's end of one WebSocket that sends back what it is sent, RFC 6455 without extensions: messages
/// return frame by frame as they come in (a fragmented one as the same fragments), a Ping gets its Pong, a
/// Close its Close.
///
/// A data frame is never gathered, however long: its header goes out when it is read and its payload as it
/// arrives. So text is not checked for UTF-8, which is left to whom it was meant for: the sender itself.
///
/// No sockets, no clock.
class Echo {
 public:
  enum class Next { go_on, close };

  /// Takes bytes cut anywhere and appends what answers them. `close`: after what was appended the connection
  /// ends, and what comes later is of no interest.
  Next feed(Bytes bytes, std::string& out);

 private:
  enum class State : std::uint8_t { header, data, control, closed };

  /// The fields of RFC 6455 §5.2 that outlive the header.
  struct Frame {
    websocket::Opcode opcode = websocket::Opcode::continuation;
    bool fin = false;
    std::array<std::byte, 4> mask{};
    std::uint64_t length = 0;
    std::uint64_t done = 0;  ///< payload bytes seen
  };

  std::size_t take_header(Bytes bytes, std::string& out);
  std::size_t take_payload(Bytes bytes, std::string& out);
  std::size_t header_size() const;
  void begin_frame(std::string& out);
  void end_control_frame(std::string& out);
  void answer_close(std::string& out);
  void fail(std::uint16_t close_code, std::string& out);

  State state_ = State::header;
  bool inside_message_ = false;         ///< a data frame without FIN was seen, its last continuation was not
  std::array<std::byte, 14> header_{};  ///< the longest there is: 2 + 8 + 4
  std::size_t header_bytes_ = 0;
  Frame frame_;
  std::string control_payload_;  ///< at most 125 bytes
};

}  // namespace tidegate::demo
