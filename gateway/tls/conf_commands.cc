#include "gateway/tls/conf_commands.h"

#include <string>

namespace tidegate::tls {
namespace {

using ConfCtxPtr = std::unique_ptr<SSL_CONF_CTX, FreeWith<SSL_CONF_CTX_free>>;

}  // namespace

bool run_commands(SSL_CTX* ctx, const conf::ListenerTls& conf, Diagnostics& diagnostics) {
  if (conf.commands.empty()) return true;
  const ConfCtxPtr commands(SSL_CONF_CTX_new());
  require(commands.get());
  SSL_CONF_CTX_set_flags(commands.get(), SSL_CONF_FLAG_FILE | SSL_CONF_FLAG_SERVER |
                                             SSL_CONF_FLAG_CERTIFICATE | SSL_CONF_FLAG_SHOW_ERRORS);
  SSL_CONF_CTX_set_ssl_ctx(commands.get(), ctx);
  bool fine = true;
  for (const auto& [name, value] : conf.commands) {
    clear_errors();
    if (SSL_CONF_cmd(commands.get(), name.c_str(), value.value.c_str()) > 0) continue;
    fine = false;
    diagnostics.error(value.at,
                      "SSL_CONF_cmd(\"" + name + "\", \"" + value.value + "\") failed: " + take_error_text());
  }
  if (!fine || SSL_CONF_CTX_finish(commands.get()) == 1) return fine;
  diagnostics.error(conf.at, "SSL_CONF_finish() failed: " + take_error_text());
  return false;
}

}  // namespace tidegate::tls
