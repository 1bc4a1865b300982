#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <string>

#include "tests/integration/gateway.h"

namespace tidegate::test {

/// Calls `ask` on the gateway's main thread with a function to answer by, and waits for that answer.
template <typename Answer>
Answer on_main(Gateway& gateway, std::function<void(std::function<void(Answer)>)> ask) {
  auto promise = std::make_shared<std::promise<Answer>>();
  auto future = promise->get_future();
  gateway.server().loop().post([promise, ask = std::move(ask)] {
    ask([promise](Answer answer) { promise->set_value(std::move(answer)); });
  });
  if (future.wait_for(kPatience) != std::future_status::ready) {
    ADD_FAILURE() << "the server does not answer";
    return Answer{};
  }
  return future.get();
}

inline server::TunnelList list_tunnels(Gateway& gateway, server::TunnelQuery query = {}) {
  return on_main<server::TunnelList>(
      gateway, [&gateway, query](auto done) { gateway.server().list_tunnels(query, std::move(done)); });
}

/// Was the tunnel found?
inline bool close_tunnel(Gateway& gateway, const std::string& id, std::uint16_t code) {
  return on_main<bool>(
      gateway, [&gateway, id, code](auto done) { gateway.server().close_tunnel(id, code, std::move(done)); });
}

/// What is wrong with the order; empty: it was carried out.
inline std::string order_server(Gateway& gateway, const std::string& upstream, const std::string& server,
                                server::ServerOrder order) {
  return on_main<std::string>(gateway, [&gateway, upstream, server, order](auto done) {
    done(gateway.server().order_server(upstream, server, order).value_or(""));
  });
}

inline metrics::Report report_of(Gateway& gateway) {
  return on_main<metrics::Report>(gateway,
                                  [&gateway](auto done) { gateway.server().report(std::move(done)); });
}

}  // namespace tidegate::test
