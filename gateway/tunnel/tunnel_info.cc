#include "gateway/tunnel/tunnel_info.h"

#include "gateway/tunnel/tunnel.h"

namespace tidegate::tunnel {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

TunnelInfo Tunnel::tell() const {
  const auto now = host_.loop().now();
  TunnelInfo told;
  told.id = origin_.id;
  // Whatever may end it has begun: a Close or an EOF of a peer's, or one of our own reasons.
  told.state = reason_ == Reason::none ? TunnelInfo::State::open : TunnelInfo::State::closing;
  told.listener = snapshot_->config->listeners[origin_.listener].name;
  told.route = route_.conf->name;
  told.upstream = route_.conf->upstream.value;
  told.server = upstream_.server->conf->text;
  told.remote_addr = origin_.remote_addr;
  told.host = origin_.host;
  told.path = origin_.target.substr(0, origin_.target.find('?'));
  told.age = duration_cast<milliseconds>(now - opened_);
  told.idle = duration_cast<milliseconds>(now - last_activity_);
  told.messages_to_upstream = to_upstream_.scanner.messages();
  told.messages_to_client = to_client_.scanner.messages();
  told.bytes_to_upstream = to_upstream_.scanner.bytes();
  told.bytes_to_client = to_client_.scanner.bytes();
  return told;
}

}  // namespace tidegate::tunnel
