#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "gateway/base/intrusive_list.h"
#include "gateway/net/stream.h"
#include "gateway/net/timer_wheel.h"

struct uv_loop_s;

namespace tidegate::net {

/// Something that is destroyed after the current callback has returned.
class Retired {
 public:
  virtual ~Retired() = default;
};

struct DeferredTag;

/// Something to be said from the loop rather than from within the call that found it out. Its place is its
/// owner's; it is forgotten when it dies. Costs no allocation.
///
/// Thread: its loop's. on_deferred() may destroy this very object, or defer it again (for the next turn).
class Deferred : public ListHook<DeferredTag> {
 public:
  virtual ~Deferred() = default;
  virtual void on_deferred() = 0;
};

/// How long a stream lingers, at the most.
struct Patience {
  std::chrono::milliseconds end;   ///< for a peer that has everything and does not end
  std::chrono::milliseconds take;  ///< for a peer that takes nothing of what it has not acknowledged yet
};

/// One event loop. Everything made on it belongs to its thread; post() is the only way in from outside. The
/// first one makes the process ignore SIGPIPE: a write to a broken socket is an error, not a death.
///
/// Owner:  a worker, or the server for the main thread's.
/// Thread: the one that calls run(); constructed and destroyed there or while it does not run.
/// End:    the destructor: drops lingering streams, destroys what was retired, runs until idle and insists
/// that
///         uv_loop_close() answers 0. Streams, acceptors, resolvers and signals of this loop must be gone
///         before: one that is left is a leak, and aborts the program with a log line.
class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Runs until stop(). May be called again.
  void run();
  /// Ends run() after the current turn. This loop's thread only; from others: post([&]{ loop.stop(); }).
  void stop();
  /// Runs one turn, waiting for at most the next event or timer; for tests.
  void run_once();

  /// Any thread: runs `task` on the loop's thread. Tasks run in the order posted. Tasks that are still queued
  /// when the loop is destroyed are destroyed without running.
  void post(std::function<void()> task);

  /// Destroys `object` after the current callback has returned, first in, first out.
  void retire(std::unique_ptr<Retired> object);

  /// Calls item.on_deferred() once, after the current callback has returned and before the loop waits.
  /// Harmless if it is deferred already; item.unlink() takes it back.
  void defer(Deferred& item);

  /// Gives a stream its goodbye: what is queued is sent, then FIN (end_writing); what the peer still sends is
  /// read and thrown away; the stream is destroyed when the peer has ended too, or when its patience is at an
  /// end. `wait_for_peer` false: as soon as the queue is empty (for a peer that has ended already). The
  /// caller has undone its pauses. Looks at the queue once per tick of the wheel.
  void linger(std::unique_ptr<Stream> stream, Patience patience, bool wait_for_peer = true);
  /// Streams in linger().
  std::size_t lingering() const;

  TimerWheel& timers();
  /// Cached at the start of the turn; monotonic, with the resolution of the kernel's coarse clock (4 ms).
  std::chrono::steady_clock::time_point now() const;

  /// Shared by every stream of the loop, valid within one callback: where sockets read to, and where TLS
  /// decrypts to.
  std::span<std::byte> read_buffer();       ///< 64 KiB
  std::span<std::byte> plaintext_buffer();  ///< 64 KiB
  /// Where TLS records are gathered before one write; empty between callbacks, capacity kept.
  std::string& record_buffer();

  uv_loop_s* uv();  ///< for gateway/net alone

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidegate::net
