#include "nginx-compat/import/import.h"

#include "nginx-compat/import/lowering.h"

namespace tidegate::nginx {

Lowering::Lowering(const std::vector<Directive>& tree, const Translation& translation)
    : in_(translation), sites_(*translation.config.sites), report_(tree, translation) {}

Import Lowering::run() {
  find_doors();
  find_challenges();
  find_redirects();
  for (std::size_t i = 0; i < sites_.servers.size(); ++i) lower_server(i);
  close_named_hosts();
  lower_real_ip();
  lower_listeners();
  lower_process();
  out_.report = report_.verdicts();
  return std::move(out_);
}

Import import(const std::vector<Directive>& tree, const Translation& translation) {
  return Lowering(tree, translation).run();
}

}  // namespace tidegate::nginx
