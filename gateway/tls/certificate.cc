#include "gateway/tls/certificate.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <ctime>

#include "gateway/base/text.h"

namespace tidegate::tls {
namespace {

BioPtr reader(std::string_view text) {
  BioPtr bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  require(bio.get());
  return bio;
}

/// OpenSSL asks for a passphrase: there is none, but remember that it asked.
int on_passphrase(char*, int, int, void* asked) noexcept {
  *static_cast<bool*>(asked) = true;
  return -1;
}

std::string lower_text(const ASN1_STRING* text) {
  return to_lower({reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                   static_cast<std::size_t>(ASN1_STRING_length(text))});
}

std::string common_name(const X509* certificate) {
  const X509_NAME* subject = X509_get_subject_name(certificate);
  const int index = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (index < 0) return {};
  return lower_text(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, index)));
}

}  // namespace

std::vector<X509Ptr> parse_certificates(OSSL_LIB_CTX* lib_ctx, std::string_view pem) {
  const BioPtr bio = reader(pem);
  std::vector<X509Ptr> found;
  for (;;) {
    X509* certificate = X509_new_ex(lib_ctx, nullptr);
    require(certificate);
    if (PEM_read_bio_X509(bio.get(), &certificate, nullptr, nullptr) == nullptr) {
      X509_free(certificate);
      break;
    }
    found.emplace_back(certificate);
  }
  const unsigned long error = ERR_peek_last_error();
  ERR_clear_error();
  const bool only_the_end = ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  if (!only_the_end) found.clear();
  return found;
}

KeyPtr parse_private_key(OSSL_LIB_CTX* lib_ctx, std::string_view pem, bool& encrypted) {
  encrypted = false;
  const BioPtr bio = reader(pem);
  KeyPtr key(PEM_read_bio_PrivateKey_ex(bio.get(), nullptr, &on_passphrase, &encrypted, lib_ctx, nullptr));
  ERR_clear_error();
  return key;
}

std::vector<std::string> names_of(const X509* certificate) {
  std::vector<std::string> names;
  auto* alternatives =
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(alternatives); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(alternatives, i);
    if (name->type == GEN_DNS) names.push_back(lower_text(name->d.dNSName));
  }
  GENERAL_NAMES_free(alternatives);
  ERR_clear_error();
  if (names.empty()) {
    std::string name = common_name(certificate);
    if (!name.empty()) names.push_back(std::move(name));
  }
  return names;
}

std::int64_t unix_time(const ASN1_TIME* time) {
  std::tm parts{};
  return ASN1_TIME_to_tm(time, &parts) == 1 ? std::int64_t{::timegm(&parts)} : 0;
}

std::string time_text(const ASN1_TIME* time) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  require(bio.get());
  ASN1_TIME_print(bio.get(), time);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace tidegate::tls
