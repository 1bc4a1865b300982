#include "gateway/tunnel/errand.h"

#include <utility>

#include "gateway/tunnel/snapshot.h"

namespace tidegate::tunnel {

Errand make_errand(const Snapshot& snapshot, const sites::Walk& walk, const http::RequestHead& head,
                   std::string_view log_id) {
  Errand errand;
  errand.out = walk.outgoing();
  errand.route = &snapshot.config->routes[walk.location().route];
  errand.proxy = &*walk.location().proxy;
  errand.client = IpAddress::parse(walk.remote_addr());
  errand.head = &head;
  errand.log_id = log_id;
  return errand;
}

std::unique_ptr<upstream::OnDemand::Wait> find_connector(Snapshot& snapshot, Errand& errand,
                                                         std::function<void(bool found)> found) {
  if (!errand.out.on_demand) {
    const auto named = snapshot.by_name.find(errand.out.upstream);
    const bool known = named != snapshot.by_name.end();
    if (known) errand.connector = named->second->connector.get();
    found(known);
    return nullptr;
  }
  return snapshot.on_demand->ask(
      errand.out.upstream, errand.out.https ? snapshot.variable_tls.at(errand.proxy) : nullptr,
      [&errand, found = std::move(found)](std::shared_ptr<upstream::OnDemand::Entry> entry) {
        errand.on_demand = std::move(entry);
        if (errand.on_demand != nullptr) errand.connector = errand.on_demand->connector.get();
        found(errand.on_demand != nullptr);
      });
}

}  // namespace tidegate::tunnel
