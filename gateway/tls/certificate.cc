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

/// What OpenSSL is told when it asks for a passphrase, and that it asked.
struct Passphrase {
  const std::string* text = nullptr;
  bool asked = false;
};

int on_passphrase(char* to, int size, int, void* told) noexcept {
  auto& passphrase = *static_cast<Passphrase*>(told);
  passphrase.asked = true;
  if (passphrase.text == nullptr || passphrase.text->size() > static_cast<std::size_t>(size)) return -1;
  passphrase.text->copy(to, passphrase.text->size());
  return static_cast<int>(passphrase.text->size());
}

KeyPtr read_key(OSSL_LIB_CTX* lib_ctx, std::string_view pem, Passphrase& passphrase) {
  const BioPtr bio = reader(pem);
  KeyPtr key(PEM_read_bio_PrivateKey_ex(bio.get(), nullptr, &on_passphrase, &passphrase, lib_ctx, nullptr));
  ERR_clear_error();
  return key;
}

/// What PEM_read_bio_*() left behind when it found no more is no failure.
bool ended_well() {
  const unsigned long error = ERR_peek_last_error();
  ERR_clear_error();
  return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

std::string text_in(BIO* memory) {
  char* data = nullptr;
  const long size = BIO_ctrl(memory, BIO_CTRL_INFO, 0, &data);
  return {data, static_cast<std::size_t>(size)};
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
  if (!ended_well()) found.clear();
  return found;
}

KeyPtr parse_private_key(OSSL_LIB_CTX* lib_ctx, std::string_view pem, bool& encrypted,
                         const std::vector<std::string>& passphrases) {
  Passphrase none;
  KeyPtr key = read_key(lib_ctx, pem, none);
  encrypted = none.asked;
  for (const std::string& text : passphrases) {
    if (!encrypted) break;
    Passphrase passphrase{&text};
    key = read_key(lib_ctx, pem, passphrase);
    encrypted = key == nullptr;
  }
  return key;
}

std::string plain_pem(EVP_PKEY* key) {
  const BioPtr bio(BIO_new(BIO_s_secmem()));
  require(bio.get());
  if (PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) return {};
  return text_in(bio.get());
}

std::vector<CrlPtr> parse_crls(OSSL_LIB_CTX* lib_ctx, std::string_view pem) {
  const BioPtr bio = reader(pem);
  std::vector<CrlPtr> found;
  for (;;) {
    X509_CRL* crl = X509_CRL_new_ex(lib_ctx, nullptr);
    require(crl);
    if (PEM_read_bio_X509_CRL(bio.get(), &crl, nullptr, nullptr) == nullptr) {
      X509_CRL_free(crl);
      break;
    }
    found.emplace_back(crl);
  }
  if (!ended_well()) found.clear();
  return found;
}

KeyPtr parse_dh_parameters(OSSL_LIB_CTX* lib_ctx, std::string_view pem) {
  const BioPtr bio = reader(pem);
  KeyPtr parameters(PEM_read_bio_Parameters_ex(bio.get(), nullptr, lib_ctx, nullptr));
  ERR_clear_error();
  if (parameters != nullptr && EVP_PKEY_get_base_id(parameters.get()) != EVP_PKEY_DH) parameters.reset();
  return parameters;
}

bool add_crls(X509_STORE* store, const std::vector<CrlPtr>& crls) {
  for (const CrlPtr& crl : crls) {
    if (X509_STORE_add_crl(store, crl.get()) != 1) return false;
  }
  return X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL) == 1;
}

bool use_certificate(SSL_CTX* ctx, OSSL_LIB_CTX* lib_ctx, std::string_view chain,
                     std::string_view private_key) {
  const std::vector<X509Ptr> certificates = parse_certificates(lib_ctx, chain);
  bool encrypted = false;
  const KeyPtr key = parse_private_key(lib_ctx, private_key, encrypted);
  if (certificates.empty() || key == nullptr) return false;
  STACK_OF(X509)* others = sk_X509_new_null();
  require(others);
  for (std::size_t i = 1; i < certificates.size(); ++i) sk_X509_push(others, certificates[i].get());
  const int used =
      SSL_CTX_use_cert_and_key(ctx, certificates.front().get(), key.get(), others, 1);  // takes references
  sk_X509_free(others);
  return used == 1;
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
  return text_in(bio.get());
}

}  // namespace tidegate::tls
