#include "gateway/serve.h"

#include <memory>
#include <utility>

#include "gateway/admin/control_listener.h"
#include "gateway/admin/metrics_listener.h"
#include "gateway/base/log_background.h"

namespace tidegate {

int serve(Serving serving) {
  serving.options.inheritance = server::Inheritance::from_environment();
  const int pid_file = serving.options.program.pid_file;
  serving.options.program = server::Handover::Program::of_this_process();
  serving.options.program.pid_file = pid_file;
  serving.options.service_manager = server::ServiceManager::Settings::from_environment();
  std::string no_thread;
  const auto background = log::Background::start(no_thread);
  if (background == nullptr) {
    Diagnostics only;
    only.error({}, "the log cannot start: " + no_thread);
    serving.tell(only);
    return kFailed;
  }
  server::Server server(std::move(serving.options));
  if (serving.follower) server.add_follower(serving.follower);
  const admin::MetricsListener metrics(server);
  const admin::ControlListener control(server, {.version = TIDEGATE_VERSION, .config_file = serving.file});
  const auto config = std::make_shared<const conf::Config>(std::move(serving.config));
  const bool started = server.start(config, serving.diagnostics);
  serving.tell(serving.diagnostics);
  if (!started || (serving.when_bound && !serving.when_bound())) return kFailed;
  server.run();
  return kFine;
}

}  // namespace tidegate
