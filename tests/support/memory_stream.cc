#include "tests/support/memory_stream.h"

#include <algorithm>
#include <cassert>
#include <deque>
#include <utility>

namespace tidegate::test {
namespace {

constexpr std::size_t kHighMarkBytes = 64 * kKiB;
constexpr std::size_t kUnlimited = std::numeric_limits<std::size_t>::max();

}  // namespace

/// Shared by the stream, its far end, and a joined stream, so that each may die first.
struct MemoryPeer::State final : net::Deferred, std::enable_shared_from_this<State> {
  State(net::Loop& l, MemoryStream::Options o) : loop(l), options(std::move(o)), open(!options.dialling) {}

  net::Loop& loop;
  MemoryStream::Options options;
  std::optional<IpAddress> address;
  net::StreamListener* listener = nullptr;  ///< null: not set yet, or the stream is gone
  std::weak_ptr<State> joined;

  bool open;
  bool open_due = false;
  bool started = false;
  bool failed = false;
  bool destroyed = false;
  bool reset = false;
  int pauses = 0;

  std::deque<std::string> inbox;
  std::optional<net::End> end;
  bool end_delivered = false;
  std::optional<Error> error;

  std::string received;
  std::string queue;
  std::size_t window = kUnlimited;
  bool congested = false;
  bool drained_due = false;
  bool ending = false;
  bool fin_sent = false;

  bool reading() const { return started && pauses == 0; }
  void wake() {
    if (!destroyed) loop.defer(*this);
  }

  /// Counts an operation; true if this is the one that fails.
  bool breaks() {
    if (options.faults == nullptr || !options.faults->hit()) return false;
    if (!error) error = options.error;
    wake();
    return true;
  }

  void take(std::string_view bytes) {
    received += bytes;
    if (const auto other = joined.lock()) {
      other->inbox.emplace_back(bytes);
      other->wake();
    }
  }

  void finish_if_sent() {
    if (!ending || fin_sent || !queue.empty()) return;
    fin_sent = true;
    if (const auto other = joined.lock()) {
      other->end = net::End::clean;
      other->wake();
    }
  }

  void drain() {
    const std::size_t count = std::min(window, queue.size());
    if (window != kUnlimited) window -= count;
    const std::string bytes = queue.substr(0, count);
    queue.erase(0, count);
    if (!bytes.empty()) take(bytes);
    finish_if_sent();
    if (!congested || queue.size() > kHighMarkBytes / 2) return;
    congested = false;
    drained_due = true;
    wake();
  }

  void on_deferred() override {
    const std::shared_ptr<State> alive = shared_from_this();
    while (listener != nullptr && !failed && deliver_one()) {
    }
  }

  /// Calls the listener at most once, which may destroy the stream; false if there is nothing to tell.
  bool deliver_one() {
    if (error) {
      failed = true;
      inbox.clear();
      listener->on_error(*error);
      return false;
    }
    if (open_due) {
      if (breaks()) return true;
      open_due = false;
      open = true;
      drain();
      listener->on_open();
      return true;
    }
    if (drained_due) {
      drained_due = false;
      listener->on_drained();
      return true;
    }
    if (!open || !reading()) return false;
    if (!inbox.empty()) {
      if (breaks()) return true;
      const std::string bytes = std::move(inbox.front());
      inbox.pop_front();
      listener->on_data(as_bytes(bytes));
      return true;
    }
    if (!end || end_delivered) return false;
    if (breaks()) return true;
    end_delivered = true;
    listener->on_end(*end);
    return true;
  }
};

// The far end
// ---------------------------------------------------------------------------------------------------

MemoryPeer::MemoryPeer(std::shared_ptr<State> state) : state_(std::move(state)) {}

void MemoryPeer::send(std::string_view bytes) {
  if (bytes.empty()) return;
  state_->inbox.emplace_back(bytes);
  state_->wake();
}

void MemoryPeer::send_bytewise(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) send(bytes.substr(i, 1));
}

void MemoryPeer::end(net::End end) {
  state_->end = end;
  state_->wake();
}

void MemoryPeer::fail(const Error& error) {
  state_->error = error;
  state_->wake();
}

void MemoryPeer::open() {
  state_->open_due = true;
  state_->wake();
}

const std::string& MemoryPeer::received() const {
  return state_->received;
}

std::string MemoryPeer::take_received() {
  return std::exchange(state_->received, {});
}

void MemoryPeer::set_window(std::size_t bytes) {
  state_->window = bytes;
}

void MemoryPeer::grant(std::size_t bytes) {
  state_->window = bytes > kUnlimited - state_->window ? kUnlimited : state_->window + bytes;
  if (!state_->destroyed) state_->drain();
}

bool MemoryPeer::writing_ended() const {
  return state_->fin_sent;
}

bool MemoryPeer::destroyed() const {
  return state_->destroyed;
}

bool MemoryPeer::was_reset() const {
  return state_->destroyed && state_->reset;
}

bool MemoryPeer::reading() const {
  return state_->reading();
}

int MemoryPeer::pauses() const {
  return state_->pauses;
}

// The stream
// ----------------------------------------------------------------------------------------------------

MemoryStream::MemoryStream(net::Loop& loop, Options options)
    : state_(std::make_shared<MemoryPeer::State>(loop, std::move(options))) {
  state_->address = IpAddress::parse(state_->options.address);
}

MemoryStream::~MemoryStream() {
  state_->listener = nullptr;
  state_->destroyed = true;
  state_->queue.clear();
  state_->unlink();
  const auto other = state_->joined.lock();
  if (!other) return;
  if (state_->reset) {
    other->error = other->options.error;
  } else if (!state_->fin_sent) {
    other->end = net::End::clean;
  }
  other->wake();
}

MemoryPeer MemoryStream::far_end() const {
  return MemoryPeer(state_);
}

void MemoryStream::join(MemoryStream& one, MemoryStream& other) {
  one.state_->joined = other.state_;
  other.state_->joined = one.state_;
}

void MemoryStream::set_listener(net::StreamListener& listener) {
  state_->listener = &listener;
  state_->wake();
}

void MemoryStream::start_reading() {
  state_->started = true;
  state_->wake();
}

void MemoryStream::pause_reading() {
  ++state_->pauses;
}

void MemoryStream::resume_reading() {
  assert(state_->pauses > 0);
  --state_->pauses;
  state_->wake();
}

net::Flow MemoryStream::write(std::span<const Bytes> pieces) {
  assert(!state_->ending);
  if (state_->failed || state_->error || state_->breaks()) return net::Flow::ready;
  for (const Bytes piece : pieces) {
    const std::string_view text = as_text(piece);
    const std::size_t room = state_->open && state_->queue.empty() ? state_->window : 0;
    const std::size_t taken = std::min(room, text.size());
    if (state_->window != kUnlimited) state_->window -= taken;
    if (taken > 0) state_->take(text.substr(0, taken));
    state_->queue += text.substr(taken);
  }
  if (state_->queue.size() <= kHighMarkBytes) return net::Flow::ready;
  state_->congested = true;
  return net::Flow::congested;
}

std::size_t MemoryStream::queued_bytes() const {
  return state_->queue.size();
}

void MemoryStream::end_writing() {
  if (state_->ending || state_->failed || state_->error || state_->breaks()) return;
  state_->ending = true;
  if (state_->open) state_->finish_if_sent();
}

void MemoryStream::reset_on_close() {
  state_->reset = true;
}

const IpAddress* MemoryStream::peer() const {
  return state_->address ? &*state_->address : nullptr;
}

std::uint16_t MemoryStream::peer_port() const {
  return state_->address ? state_->options.port : std::uint16_t{0};
}

const net::TlsInfo* MemoryStream::tls() const {
  return state_->open && state_->options.tls ? &*state_->options.tls : nullptr;
}

void turn(net::Loop& loop) {
  loop.post([] {});
  loop.run_once();
}

}  // namespace tidegate::test
