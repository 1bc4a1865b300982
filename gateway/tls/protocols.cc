#include "gateway/tls/protocols.h"

#include <algorithm>

namespace tidegate::tls {
namespace {

int version_number(conf::TlsVersion version) {
  return version == conf::TlsVersion::tls1_2 ? TLS1_2_VERSION : TLS1_3_VERSION;
}

}  // namespace

bool set_protocols(SSL_CTX* ctx, const std::vector<conf::TlsVersion>& protocols) {
  if (protocols.empty()) return SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1;
  const auto [low, high] = std::ranges::minmax(protocols);
  return SSL_CTX_set_min_proto_version(ctx, version_number(low)) == 1 &&
         SSL_CTX_set_max_proto_version(ctx, version_number(high)) == 1;
}

}  // namespace tidegate::tls
