// The PROXY header: what is found must not depend on how much of what follows has come, and a header is found
// as soon as its last byte has.
#include <cstdint>
#include <string_view>

#include "gateway/net/proxy_header.h"
#include "tests/fuzz/check.h"

using tidegate::net::find_proxy_header;
using tidegate::net::kProxyHeaderBytes;
using State = tidegate::net::ProxyHeaderFound::State;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto whole = find_proxy_header(bytes);
  FUZZ_CHECK(whole.state == State::incomplete ? size < kProxyHeaderBytes : true);
  if (whole.state != State::complete) return 0;
  FUZZ_CHECK(whole.size <= size && whole.size <= kProxyHeaderBytes);
  FUZZ_CHECK(whole.header.source.has_value() == whole.header.destination.has_value());
  const auto exact = find_proxy_header(bytes.substr(0, whole.size));
  FUZZ_CHECK(exact.state == State::complete && exact.header == whole.header);
  for (std::size_t cut = 0; cut < whole.size; ++cut) {
    FUZZ_CHECK(find_proxy_header(bytes.substr(0, cut)).state == State::incomplete);
  }
  return 0;
}
