#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include "gateway/base/intrusive_list.h"
#include "gateway/net/loop.h"
#include "gateway/net/stream.h"
#include "gateway/net/timer_wheel.h"

namespace tidegate::net {

struct LingeringTag;

/// A stream on its way out: see Loop::linger().
///
/// Owner:  itself, until it retires to its loop; the loop retires those that are left when it ends.
/// Thread: its loop's.
/// End:    the peer has ended and the queue is empty, an error, or the end of its patience.
class Lingering final : public Retired, public StreamListener, public ListHook<LingeringTag> {
 public:
  Lingering(Loop& loop, std::size_t& count, std::unique_ptr<Stream> stream, bool wait_for_peer);
  ~Lingering() override;

  void begin(Patience patience);
  /// Hands itself to the loop to be destroyed after the current callback.
  void leave();

  void on_data(Bytes bytes) override;
  void on_end(End end) override;
  void on_error(const Error& error) override;
  void on_drained() override;

 private:
  void look();
  void on_limit();

  Loop& loop_;
  std::size_t& count_;
  std::unique_ptr<Stream> stream_;
  bool wait_for_peer_;
  Patience patience_{};
  std::size_t unacknowledged_ = 0;  ///< when the peer last took something
  std::chrono::steady_clock::time_point last_taken_;
  DeadlineOf<Lingering, &Lingering::on_limit> limit_{*this};
  DeadlineOf<Lingering, &Lingering::look> next_look_{*this};
};

}  // namespace tidegate::net
