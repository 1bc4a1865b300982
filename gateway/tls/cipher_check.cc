#include "gateway/tls/cipher_check.h"

#include <string>
#include <string_view>

namespace tidegate::tls {

const char* const kDefaultCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

namespace {

/// Calls visit(element) for each element of an OpenSSL cipher list; colons, commas and spaces divide them.
template <typename Visit>
void for_each_element(std::string_view list, Visit visit) {
  while (!list.empty()) {
    const std::size_t end = list.find_first_of(":, ;");
    if (end != 0) visit(std::string(list.substr(0, end)));
    if (end == std::string_view::npos) return;
    list.remove_prefix(end + 1);
  }
}

/// "!aNULL", "-SHA1", "+RSA" and "@SECLEVEL=1" change a list and select nothing by themselves.
bool is_operator(const std::string& element) {
  return std::string_view("!-+@").find(element[0]) != std::string_view::npos;
}

void warn_unknown_ciphers(SSL_CTX* ctx, const conf::Text& ciphers, Diagnostics& diagnostics) {
  for_each_element(ciphers.value, [&](const std::string& element) {
    if (is_operator(element) || element == "DEFAULT") return;
    const bool known = SSL_CTX_set_cipher_list(ctx, (element + ":@SECLEVEL=0").c_str()) == 1;
    clear_errors();
    if (known) return;
    const bool tls1_3 = SSL_CTX_set_ciphersuites(ctx, element.c_str()) == 1;
    clear_errors();
    diagnostics.warning(
        ciphers.at, tls1_3
                        ? element + " is a TLS 1.3 suite and has no effect here; it belongs to ciphersuites"
                        : "OpenSSL does not know the cipher " + element + "; it is passed over");
  });
}

}  // namespace

void check_ciphers(OSSL_LIB_CTX* lib_ctx, const conf::ListenerTls& conf, Diagnostics& diagnostics) {
  const SslCtxPtr ctx(SSL_CTX_new_ex(lib_ctx, nullptr, TLS_server_method()));
  require(ctx.get());
  if (!conf.ciphers.empty()) {
    if (SSL_CTX_set_cipher_list(ctx.get(), conf.ciphers.value.c_str()) == 1) {
      warn_unknown_ciphers(ctx.get(), conf.ciphers, diagnostics);
    } else {
      clear_errors();
      diagnostics.error(conf.ciphers.at,
                        "ciphers: OpenSSL finds no cipher in \"" + conf.ciphers.value +
                            "\"; expected names such as ECDHE-RSA-AES128-GCM-SHA256 divided by colons");
    }
  }
  if (!conf.ciphersuites.empty() &&
      SSL_CTX_set_ciphersuites(ctx.get(), conf.ciphersuites.value.c_str()) != 1) {
    clear_errors();
    diagnostics.error(conf.ciphersuites.at,
                      "ciphersuites: \"" + conf.ciphersuites.value +
                          "\" is not a list of TLS 1.3 suites such as TLS_AES_128_GCM_SHA256 "
                          "divided by colons");
  }
}

}  // namespace tidegate::tls
