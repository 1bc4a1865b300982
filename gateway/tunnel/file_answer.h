#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/net/loop.h"
#include "gateway/net/stream.h"
#include "gateway/sites/action.h"

namespace tidegate::tunnel {

/// Where a file goes, and who hears when it is there.
class FileSink {
 public:
  virtual net::Flow write(std::span<const Bytes> pieces) = 0;
  virtual std::size_t unsent_bytes() const = 0;
  /// Exactly one of the two, perhaps from within start(); they may retire the answer.
  virtual void on_file_sent() = 0;
  /// The file has become shorter, or cannot be read, or the client takes nothing (`reason`).
  virtual void on_file_failed(Reason reason) = 0;

 protected:
  ~FileSink() = default;
};

/// A file, or parts of it, on its way to a client: read in pieces as fast as the client takes them, and no
/// more than kTurn at a time, so that others have their turn. Reading is done on the worker's thread.
///
/// Owner:  the SiteVisit, which retires it. Thread: the worker's.
/// End:    one of the sink's two, or the destructor.
class FileAnswer final : public net::Retired, private net::Deferred {
 public:
  FileAnswer(net::Loop& loop, FileSink& sink, sites::File file, std::vector<sites::ByteRange> ranges,
             std::string content_type, std::chrono::milliseconds send_timeout);

  static constexpr std::size_t kPiece = 64 * kKiB;
  static constexpr std::size_t kTurn = 512 * kKiB;

  /// Of the body: all of the file, a part, or a whole multipart/byteranges.
  std::uint64_t length() const { return length_; }
  /// The answer's Content-Type.
  const std::string& content_type() const { return content_type_; }
  /// `bytes 0-9/100`; empty: the answer is not one part.
  std::string content_range() const;

  /// Sends the body.
  void start() { pump(); }
  void on_client_drained();
  void cancel();

 private:
  /// Some text, and then a part of the file.
  struct Part {
    std::string text;
    std::uint64_t at = 0;
    std::uint64_t end = 0;
  };

  void on_deferred() override { pump(); }
  void pump();
  void send(Bytes bytes);
  bool send_piece();
  void on_stall();

  net::Loop& loop_;
  FileSink& sink_;
  sites::File file_;
  std::vector<sites::ByteRange> ranges_;
  std::string content_type_;
  std::chrono::milliseconds send_timeout_;
  std::vector<Part> parts_;
  std::size_t part_ = 0;  ///< the one under way
  std::uint64_t length_ = 0;
  net::DeadlineOf<FileAnswer, &FileAnswer::on_stall> stall_{*this};
  std::size_t stall_bytes_ = 0;
  bool congested_ = false;
  bool over_ = false;
};

}  // namespace tidegate::tunnel
