#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace tidegate::control {

/// Reads one HTTP/1.1 answer (RFC 9112), however its bytes arrive: a body of known length, in chunks, or
/// until the connection's end. Answers with 1xx before it are skipped. What is kept is bounded.
class AnswerReader {
 public:
  static constexpr std::size_t kMaxHead = 16u << 10;         ///< also of a chunk's line and the trailers
  static constexpr const char* kCut = "the answer was cut";  ///< problem() where it ended too early

  /// `max_body`: the most that is held before take_body().
  explicit AnswerReader(std::size_t max_body) : max_body_(max_body) {}

  /// False once the answer is broken; problem() says why. Bytes behind the answer break it.
  bool feed(std::string_view bytes);
  /// The peer has ended. False if that cuts the answer.
  bool end();

  bool has_head() const { return state_ != State::head && state_ != State::broken; }
  bool done() const { return state_ == State::done; }
  const std::string& problem() const { return problem_; }
  int status() const { return status_; }
  /// The body's bytes that came since the last call.
  std::string take_body() { return std::exchange(body_, {}); }

 private:
  enum class State { head, sized, chunk_size, chunk, chunk_end, trailers, until_end, done, broken };

  bool fail(std::string problem);
  /// Takes what it can from `held_`; false when it needs more bytes, or is done or broken.
  bool step();
  bool take_head();
  bool read_fields(std::string_view fields);
  void choose_framing();
  bool take_data(State next);
  bool take_chunk_size();
  bool take_chunk_end();
  bool take_trailer();
  /// A line without its CRLF, taken off `held_`; null where none is complete.
  bool take_line(std::string& line);

  const std::size_t max_body_;
  State state_ = State::head;
  std::string held_;
  std::string body_;
  std::string problem_;
  int status_ = 0;
  bool chunked_ = false;
  bool has_length_ = false;
  std::uint64_t left_ = 0;    ///< of the body, or of the chunk
  std::size_t trailers_ = 0;  ///< bytes of them
};

}  // namespace tidegate::control
