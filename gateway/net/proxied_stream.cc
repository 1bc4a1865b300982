#include <algorithm>
#include <string>
#include <utility>

#include "gateway/net/proxy_header.h"

namespace tidegate::net {
namespace {

/// Stands between socket and listener until the header has been read; from then on it passes on what the
/// listener asks for, and the socket speaks to the listener itself.
class ProxiedStream final : public Stream, private StreamListener {
 public:
  explicit ProxiedStream(std::unique_ptr<Stream> socket) : socket_(std::move(socket)) {
    socket_->set_listener(*this);
    socket_->start_reading();
  }

  void set_listener(StreamListener& listener) override {
    listener_ = &listener;
    if (done_) socket_->set_listener(listener);
  }
  void start_reading() override {}  // it does
  void pause_reading() override { socket_->pause_reading(); }
  void resume_reading() override { socket_->resume_reading(); }
  using Stream::write;
  Flow write(std::span<const Bytes> pieces) override { return socket_->write(pieces); }
  std::size_t queued_bytes() const override { return socket_->queued_bytes(); }
  std::size_t unacknowledged_bytes() const override { return socket_->unacknowledged_bytes(); }
  void end_writing() override { socket_->end_writing(); }
  void reset_on_close() override { socket_->reset_on_close(); }
  const IpAddress* peer() const override { return socket_->peer(); }
  std::uint16_t peer_port() const override { return socket_->peer_port(); }
  std::string local_address() const override { return socket_->local_address(); }
  const TlsInfo* tls() const override { return nullptr; }
  const ProxyHeader* proxied() const override { return done_ ? &header_ : nullptr; }

 private:
  void on_data(Bytes bytes) override;
  void on_end(End end) override {
    if (listener_ != nullptr) listener_->on_end(end);
  }
  void on_error(const Error& error) override {
    if (listener_ != nullptr) listener_->on_error(error);
  }
  void on_drained() override {
    if (listener_ != nullptr) listener_->on_drained();
  }
  std::string_view log_id() const override {
    return listener_ != nullptr ? listener_->log_id() : std::string_view();
  }

  std::unique_ptr<Stream> socket_;
  StreamListener* listener_ = nullptr;
  std::string begun_;  ///< of the header
  ProxyHeader header_;
  bool done_ = false;
  bool broken_ = false;
};

void ProxiedStream::on_data(Bytes bytes) {
  if (broken_) return;
  const std::size_t had = begun_.size();
  begun_ += as_text(bytes.first(std::min(bytes.size(), kProxyHeaderBytes - had)));
  const ProxyHeaderFound found = find_proxy_header(begun_);
  switch (found.state) {
    case ProxyHeaderFound::State::incomplete:
      return;
    case ProxyHeaderFound::State::malformed:
      broken_ = true;
      if (listener_ != nullptr) listener_->on_error(Error(Reason::bad_framing));
      return;
    case ProxyHeaderFound::State::complete:
      break;
  }
  header_ = found.header;
  done_ = true;
  begun_ = {};
  if (listener_ == nullptr) return;
  socket_->set_listener(*listener_);
  const Bytes rest = bytes.subspan(found.size - had);
  if (!rest.empty()) listener_->on_data(rest);
}

}  // namespace

std::unique_ptr<Stream> expect_proxy_header(std::unique_ptr<Stream> socket) {
  return std::make_unique<ProxiedStream>(std::move(socket));
}

}  // namespace tidegate::net
