#include "gateway/tls/material.h"

#include <sys/stat.h>

#include <algorithm>

#include "gateway/base/crypto.h"
#include "gateway/tls/certificate.h"
#include "gateway/tls/cipher_check.h"
#include "gateway/tls/file.h"

namespace tidegate::tls {
namespace {

/// Loads one listener's material; every complaint goes to the diagnostics.
class Loader {
 public:
  Loader(ServerMaterial::Impl& material, Diagnostics& diagnostics)
      : material_(material), diagnostics_(diagnostics) {}

  void load(const std::string& listener);

 private:
  void load_certificate(const conf::Certificate& conf);
  void add_self_signed();
  void load_client_ca();
  bool check_pair(const conf::Certificate& conf, const CertificatePem& pem);
  void explain_mismatch(const conf::Certificate& conf, const std::vector<X509Ptr>& chain, EVP_PKEY* key);
  /// The certificate of the subject that was added last.
  void watch(const X509* certificate);
  void check_dates(const conf::Certificate& conf, const X509* certificate);
  void warn_if_readable_by_all(const conf::Text& private_key);
  void check_contexts();
  void bind_tickets(const std::string& listener);

  ServerMaterial::Impl& material_;
  Diagnostics& diagnostics_;
  Library library_;  ///< as the workers have it, so that what passes here passes there
  std::vector<Subject> subjects_;
};

OSSL_LIB_CTX* lib_ctx_of(const Library& library) {
  return static_cast<OSSL_LIB_CTX*>(library.lib_ctx());
}

void Loader::load(const std::string& listener) {
  const conf::ListenerTls& conf = material_.conf;
  const std::size_t errors_before = diagnostics_.errors();
  for (const conf::Certificate& certificate : conf.certificates) load_certificate(certificate);
  if (!conf.self_signed_for.empty()) add_self_signed();
  if (conf.certificates.empty() && conf.self_signed_for.empty()) {
    diagnostics_.error(conf.at, "tls has no certificate; name at least one under certificates");
  }
  load_client_ca();
  check_ciphers(lib_ctx_of(library_), conf, diagnostics_);
  if (diagnostics_.errors() > errors_before) return;
  material_.names = make_name_table(subjects_);
  bind_tickets(listener);
  check_contexts();
}

void Loader::load_certificate(const conf::Certificate& conf) {
  CertificatePem pem;
  const bool have_certificate = read_file(conf.certificate, "certificate", pem.chain, diagnostics_);
  const bool have_key = read_file(conf.private_key, "private key", pem.private_key, diagnostics_);
  if (have_key) warn_if_readable_by_all(conf.private_key);
  if (!have_certificate || !have_key) return;
  if (check_pair(conf, pem)) material_.certificates.push_back(std::move(pem));
}

bool Loader::check_pair(const conf::Certificate& conf, const CertificatePem& pem) {
  const std::vector<X509Ptr> chain = parse_certificates(lib_ctx_of(library_), pem.chain);
  if (chain.empty()) {
    diagnostics_.error(conf.certificate.at,
                       conf.certificate.value +
                           " holds no certificate that can be read; expected PEM, which begins with "
                           "-----BEGIN CERTIFICATE-----");
  } else {
    check_dates(conf, chain.front().get());
  }
  bool encrypted = false;
  const KeyPtr key = parse_private_key(lib_ctx_of(library_), pem.private_key, encrypted);
  if (encrypted) {
    diagnostics_.error(conf.private_key.at,
                       "private key " + conf.private_key.value +
                           " is encrypted; passphrases are not supported, remove it with: "
                           "openssl pkey -in encrypted.pem -out plain.pem");
  } else if (key == nullptr) {
    diagnostics_.error(conf.private_key.at,
                       conf.private_key.value +
                           " holds no private key that can be read; expected PEM, which begins with "
                           "-----BEGIN PRIVATE KEY-----");
  }
  if (chain.empty() || key == nullptr) return false;
  const bool match = X509_check_private_key(chain.front().get(), key.get()) == 1;
  clear_errors();
  if (!match) {
    explain_mismatch(conf, chain, key.get());
    return false;
  }
  subjects_.push_back({names_of(chain.front().get()), EVP_PKEY_get_base_id(key.get())});
  watch(chain.front().get());
  return true;
}

void Loader::watch(const X509* certificate) {
  const std::int64_t not_after = unix_time(X509_get0_notAfter(certificate));
  const std::vector<std::string>& names = subjects_.back().names;
  const std::string name = names.empty() ? "" : names.front();
  for (ServerMaterial::Watched& known : material_.watched) {
    if (known.name != name) continue;
    known.not_after = std::min(known.not_after, not_after);
    return;
  }
  material_.watched.push_back({name, not_after});
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
  SelfSigned made = make_self_signed(material_.conf.self_signed_for);
  const std::vector<X509Ptr> chain = parse_certificates(lib_ctx_of(library_), made.certificate_pem);
  subjects_.push_back({names_of(chain.front().get()), EVP_PKEY_EC});
  watch(chain.front().get());
  material_.certificates.push_back({std::move(made.certificate_pem), std::move(made.private_key_pem)});
}

void Loader::load_client_ca() {
  const auto& auth = material_.conf.client_auth;
  if (!auth || !read_file(auth->ca, "client_auth ca", material_.client_ca, diagnostics_)) return;
  if (!parse_certificates(lib_ctx_of(library_), material_.client_ca).empty()) return;
  diagnostics_.error(auth->ca.at,
                     auth->ca.value +
                         " holds no certificate that can be read; expected PEM, which begins with "
                         "-----BEGIN CERTIFICATE-----");
}

/// Makes each SSL_CTX once, for what OpenSSL refuses only then: keys too small, lists of protocols and
/// ciphers that leave nothing.
void Loader::check_contexts() {
  for (const NameTable::Set& set : material_.names.sets) {
    std::string error;
    if (make_server_ctx(lib_ctx_of(library_), material_, set, error) != nullptr) continue;
    const auto& certificates = material_.conf.certificates;
    const bool from_file = set.front() < certificates.size();
    const Position at = from_file ? certificates[set.front()].certificate.at : material_.conf.at;
    const std::string name = from_file ? certificates[set.front()].certificate.value : "the self-signed one";
    diagnostics_.error(at, "OpenSSL refuses certificate " + name + ": " + error);
  }
}

/// RFC 5077 §5.6, RFC 8446 §4.6.1: a session made where no client certificate was asked for, or by other
/// authorities, must not resume here.
void Loader::bind_tickets(const std::string& listener) {
  std::string bound = "listener " + listener + '\0';
  if (const auto& auth = material_.conf.client_auth) {
    bound += auth->verify == conf::ClientAuth::Verify::required ? "required " : "optional ";
    bound += material_.client_ca;
  }
  material_.session_id_context = sha256(bound);
}

}  // namespace

ServerMaterial::ServerMaterial() : impl_(std::make_unique<Impl>()) {}
ServerMaterial::~ServerMaterial() = default;

std::vector<ServerMaterial::Watched> ServerMaterial::watched() const {
  return impl_->watched;
}

std::shared_ptr<const ServerMaterial> ServerMaterial::load(const conf::ListenerTls& tls,
                                                           const std::string& listener,
                                                           Diagnostics& diagnostics) {
  std::shared_ptr<ServerMaterial> material(new ServerMaterial);
  material->impl_->conf = tls;
  const std::size_t errors_before = diagnostics.errors();
  Loader(*material->impl_, diagnostics).load(listener);
  if (diagnostics.errors() > errors_before) return nullptr;
  return material;
}

}  // namespace tidegate::tls
