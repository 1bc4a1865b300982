#include "gateway/tls/material.h"

#include <openssl/ocsp.h>
#include <sys/stat.h>

#include <algorithm>

#include "gateway/tls/certificate.h"
#include "gateway/tls/cipher_check.h"
#include "gateway/tls/file.h"

namespace tidegate::tls {
namespace {

using Watched = ServerMaterial::Watched;

class Loader {
 public:
  Loader(Site& site, const Library& library, std::vector<Watched>& watched, Diagnostics& diagnostics)
      : site_(site),
        lib_ctx_(static_cast<OSSL_LIB_CTX*>(library.lib_ctx())),
        watched_(watched),
        diagnostics_(diagnostics) {}

  void load(bool named);

 private:
  void load_passphrases();
  void load_certificate(const conf::Certificate& conf);
  void add_self_signed();
  void load_client_auth();
  void load_dh_parameters();
  void load_stapled_response();
  bool check_pair(const conf::Certificate& conf, CertificatePem& pem);
  void explain_key(const conf::Text& path, bool encrypted);
  void explain_mismatch(const conf::Certificate& conf, const std::vector<X509Ptr>& chain, EVP_PKEY* key);
  /// The certificate of the subject that was added last.
  void watch(const X509* certificate);
  void check_dates(const conf::Certificate& conf, const X509* certificate);
  void warn_if_readable_by_all(const conf::Text& private_key);
  void check_contexts();

  Site& site_;
  OSSL_LIB_CTX* lib_ctx_;
  std::vector<Watched>& watched_;
  Diagnostics& diagnostics_;
  std::vector<std::string> passphrases_;
  std::vector<Subject> subjects_;
};

void Loader::load(bool named) {
  const conf::ListenerTls& conf = site_.conf;
  const std::size_t errors_before = diagnostics_.errors();
  if (!conf.key_passwords.empty()) load_passphrases();
  for (const conf::Certificate& certificate : conf.certificates) load_certificate(certificate);
  if (!conf.self_signed_for.empty()) add_self_signed();
  if (conf.certificates.empty() && conf.self_signed_for.empty() && !conf.reject_handshake) {
    diagnostics_.error(conf.at, "tls has no certificate; name at least one under certificates");
  }
  if (conf.client_auth) load_client_auth();
  if (!conf.dh_parameters.empty()) load_dh_parameters();
  if (!conf.stapled_response.empty()) load_stapled_response();
  check_ciphers(lib_ctx_, conf, diagnostics_);
  if (diagnostics_.errors() > errors_before) return;
  if (named || subjects_.empty()) {
    NameTable::Set& all = site_.names.sets.emplace_back();
    for (std::size_t i = 0; i < subjects_.size(); ++i) all.push_back(i);
  } else {
    site_.names = make_name_table(subjects_);
  }
  check_contexts();
}

/// As nginx reads them: one a line, empty lines passed over.
void Loader::load_passphrases() {
  std::string text;
  if (!read_file(site_.conf.key_passwords, "passphrases", text, diagnostics_)) return;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::string line = text.substr(begin, end - begin);
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) passphrases_.push_back(std::move(line));
    begin = end + 1;
  }
}

void Loader::load_certificate(const conf::Certificate& conf) {
  CertificatePem pem;
  const bool have_certificate = read_file(conf.certificate, "certificate", pem.chain, diagnostics_);
  const bool have_key = read_file(conf.private_key, "private key", pem.private_key, diagnostics_);
  if (have_key) warn_if_readable_by_all(conf.private_key);
  if (!have_certificate || !have_key) return;
  if (check_pair(conf, pem)) site_.certificates.push_back(std::move(pem));
}

bool Loader::check_pair(const conf::Certificate& conf, CertificatePem& pem) {
  const std::vector<X509Ptr> chain = parse_certificates(lib_ctx_, pem.chain);
  if (chain.empty()) {
    diagnostics_.error(conf.certificate.at,
                       conf.certificate.value +
                           " holds no certificate that can be read; expected PEM, which begins with "
                           "-----BEGIN CERTIFICATE-----");
  } else {
    check_dates(conf, chain.front().get());
  }
  bool encrypted = false;
  const KeyPtr key = parse_private_key(lib_ctx_, pem.private_key, encrypted, passphrases_);
  if (key == nullptr) explain_key(conf.private_key, encrypted);
  if (chain.empty() || key == nullptr) return false;
  const bool match = X509_check_private_key(chain.front().get(), key.get()) == 1;
  clear_errors();
  if (!match) {
    explain_mismatch(conf, chain, key.get());
    return false;
  }
  subjects_.push_back({names_of(chain.front().get()), EVP_PKEY_get_base_id(key.get())});
  watch(chain.front().get());
  if (!passphrases_.empty()) pem.private_key = plain_pem(key.get());  // the workers know no passphrase
  return true;
}

void Loader::explain_key(const conf::Text& path, bool encrypted) {
  if (!encrypted) {
    diagnostics_.error(path.at, path.value +
                                    " holds no private key that can be read; expected PEM, which begins with "
                                    "-----BEGIN PRIVATE KEY-----");
  } else if (!passphrases_.empty()) {
    diagnostics_.error(path.at, "private key " + path.value +
                                    " is encrypted, and none of the passphrases in " +
                                    site_.conf.key_passwords.value + " opens it");
  } else {
    diagnostics_.error(path.at, "private key " + path.value +
                                    " is encrypted; passphrases are not supported, remove it with: "
                                    "openssl pkey -in encrypted.pem -out plain.pem");
  }
}

void Loader::watch(const X509* certificate) {
  const std::int64_t not_after = unix_time(X509_get0_notAfter(certificate));
  const std::vector<std::string>& names = subjects_.back().names;
  const std::string name = names.empty() ? "" : names.front();
  for (Watched& known : watched_) {
    if (known.name != name) continue;
    known.not_after = std::min(known.not_after, not_after);
    return;
  }
  watched_.push_back({name, not_after});
}

void Loader::explain_mismatch(const conf::Certificate& conf, const std::vector<X509Ptr>& chain,
                              EVP_PKEY* key) {
  std::string advice = "; name the key that the certificate was made for";
  for (const X509Ptr& other : chain) {
    if (X509_check_private_key(other.get(), key) == 1) {
      advice = "; it matches a later one in that file: the server's own certificate must come first";
    }
  }
  clear_errors();
  diagnostics_.error(conf.private_key.at, "private key " + conf.private_key.value +
                                              " does not match certificate " + conf.certificate.value +
                                              advice);
}

void Loader::check_dates(const conf::Certificate& conf, const X509* certificate) {
  const ASN1_TIME* from = X509_get0_notBefore(certificate);
  const ASN1_TIME* to = X509_get0_notAfter(certificate);
  if (X509_cmp_current_time(to) < 0) {
    diagnostics_.warning(conf.certificate.at,
                         "certificate " + conf.certificate.value + " expired on " + time_text(to));
  } else if (X509_cmp_current_time(from) > 0) {
    diagnostics_.warning(conf.certificate.at,
                         "certificate " + conf.certificate.value + " is not valid before " + time_text(from));
  }
}

void Loader::warn_if_readable_by_all(const conf::Text& private_key) {
  struct stat status {};
  if (stat(private_key.value.c_str(), &status) != 0 || (status.st_mode & S_IROTH) == 0) return;
  diagnostics_.warning(private_key.at, "private key " + private_key.value +
                                           " can be read by every user of this machine; chmod 600 " +
                                           private_key.value);
}

void Loader::add_self_signed() {
  SelfSigned made = make_self_signed(site_.conf.self_signed_for);
  const std::vector<X509Ptr> chain = parse_certificates(lib_ctx_, made.certificate_pem);
  subjects_.push_back({names_of(chain.front().get()), EVP_PKEY_EC});
  watch(chain.front().get());
  site_.certificates.push_back({std::move(made.certificate_pem), std::move(made.private_key_pem)});
}

void Loader::load_client_auth() {
  const conf::ClientAuth& auth = *site_.conf.client_auth;
  const bool anybody = auth.verify == conf::ClientAuth::Verify::optional_no_ca;
  if (!anybody || !auth.ca.empty()) {
    read_certificates(auth.ca, "client_auth ca", site_.client_ca, diagnostics_);
  }
  if (!auth.crl.empty()) read_crls(auth.crl, site_.crl, diagnostics_);
}

void Loader::load_dh_parameters() {
  const conf::Text& path = site_.conf.dh_parameters;
  if (!read_file(path, "Diffie-Hellman parameters", site_.dh_parameters, diagnostics_)) return;
  if (parse_dh_parameters(lib_ctx_, site_.dh_parameters) != nullptr) return;
  diagnostics_.error(
      path.at, path.value +
                   " holds no Diffie-Hellman parameters that can be read; expected PEM, which begins with "
                   "-----BEGIN DH PARAMETERS-----");
}

void Loader::load_stapled_response() {
  const conf::Text& path = site_.conf.stapled_response;
  if (!read_file(path, "OCSP response", site_.stapled_response, diagnostics_)) return;
  const auto* bytes = reinterpret_cast<const unsigned char*>(site_.stapled_response.data());
  OCSP_RESPONSE* response =
      d2i_OCSP_RESPONSE(nullptr, &bytes, static_cast<long>(site_.stapled_response.size()));
  clear_errors();
  if (response == nullptr) {
    diagnostics_.error(path.at, path.value +
                                    " holds no OCSP response that can be read; expected DER, as "
                                    "\"openssl ocsp -respout\" writes it");
    return;
  }
  const int status = OCSP_response_status(response);
  OCSP_RESPONSE_free(response);
  if (status == OCSP_RESPONSE_STATUS_SUCCESSFUL) return;
  diagnostics_.error(
      path.at, "OCSP response " + path.value + " is not successful: " + OCSP_response_status_str(status));
}

/// Makes each SSL_CTX once, for what OpenSSL refuses only then: keys too small, lists of protocols and
/// ciphers that leave nothing.
void Loader::check_contexts() {
  for (const NameTable::Set& set : site_.names.sets) make_server_ctx(lib_ctx_, site_, set, diagnostics_);
}

}  // namespace

void load_site(Site& site, bool named, const Library& library, std::vector<Watched>& watched,
               Diagnostics& diagnostics) {
  Loader(site, library, watched, diagnostics).load(named);
}

}  // namespace tidegate::tls
