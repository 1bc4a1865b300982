#include "gateway/tls/client_certificate.h"

#include <openssl/pem.h>

#include <string>

#include "gateway/tls/certificate.h"

namespace tidegate::tls {
namespace {

/// What nginx's optional_no_ca passes over: the chain is sound, but ends at nobody we know.
bool is_about_authority(long error) {
  return error == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT || error == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN ||
         error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
         error == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE;
}

int pass_all(int, X509_STORE_CTX*) noexcept {
  return 1;
}

int pass_unknown_authorities(int fine, X509_STORE_CTX* store) noexcept {
  return fine == 1 || is_about_authority(X509_STORE_CTX_get_error(store)) ? 1 : 0;
}

/// Runs print(bio) on a bio in memory, and answers what it wrote.
template <typename Print>
std::string printed(Print print) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  require(bio.get());
  print(bio.get());
  char* data = nullptr;
  const long size = BIO_ctrl(bio.get(), BIO_CTRL_INFO, 0, &data);
  return {data, static_cast<std::size_t>(size)};
}

/// RFC 2253, as $ssl_client_s_dn has it.
std::string name_text(const X509_NAME* name) {
  return printed([&](BIO* bio) { X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253); });
}

std::string fingerprint(const X509* certificate) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (X509_digest(certificate, EVP_sha1(), digest, &size) != 1) return {};
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (unsigned i = 0; i < size; ++i) {
    text += kDigits[digest[i] >> 4];
    text += kDigits[digest[i] & 15];
  }
  return text;
}

}  // namespace

SSL_verify_cb verify_callback(const conf::ClientAuth& auth) {
  if (auth.refuse_by_status) return &pass_all;
  return auth.verify == conf::ClientAuth::Verify::optional_no_ca ? &pass_unknown_authorities : nullptr;
}

std::unique_ptr<net::ClientCertificate> client_certificate_of(const SSL* ssl) {
  X509* certificate = SSL_get0_peer_certificate(ssl);
  if (certificate == nullptr) return nullptr;
  auto facts = std::make_unique<net::ClientCertificate>();
  const long error = SSL_get_verify_result(ssl);
  facts->verify =
      error == X509_V_OK ? "SUCCESS" : std::string("FAILED:") + X509_verify_cert_error_string(error);
  facts->authority_unknown = is_about_authority(error);
  facts->subject = name_text(X509_get_subject_name(certificate));
  facts->issuer = name_text(X509_get_issuer_name(certificate));
  facts->serial = printed([&](BIO* bio) { i2a_ASN1_INTEGER(bio, X509_get0_serialNumber(certificate)); });
  facts->fingerprint = fingerprint(certificate);
  facts->not_before = time_text(X509_get0_notBefore(certificate));
  facts->not_after = time_text(X509_get0_notAfter(certificate));
  facts->pem = printed([&](BIO* bio) { PEM_write_bio_X509(bio, certificate); });
  clear_errors();
  return facts;
}

}  // namespace tidegate::tls
