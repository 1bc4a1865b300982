#include <openssl/bn.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdexcept>

#include "gateway/base/ip.h"
#include "gateway/tls/openssl.h"
#include "gateway/tls/server_context.h"

namespace tidegate::tls {
namespace {

constexpr long kValidForSeconds = 30L * 24 * 3600;
constexpr long kClockSkewSeconds = 3600;

void check(bool done) {
  if (!done) throw std::runtime_error("self-signed certificate: " + take_error_text());
}

/// RFC 5280 §4.2.1.6: a dNSName, or an iPAddress in network order.
GENERAL_NAME* general_name(const std::string& name) {
  GENERAL_NAME* made = GENERAL_NAME_new();
  require(made);
  if (const auto ip = IpAddress::parse(name)) {
    ASN1_OCTET_STRING* bytes = ASN1_OCTET_STRING_new();
    require(bytes);
    const auto& all = ip->bytes();
    const int size = ip->is_v4() ? 4 : 16;
    ASN1_OCTET_STRING_set(bytes, all.data() + (16 - size), size);
    GENERAL_NAME_set0_value(made, GEN_IPADD, bytes);
  } else {
    ASN1_IA5STRING* text = ASN1_IA5STRING_new();
    require(text);
    ASN1_STRING_set(text, name.data(), static_cast<int>(name.size()));
    GENERAL_NAME_set0_value(made, GEN_DNS, text);
  }
  return made;
}

void add_names(X509* certificate, const std::vector<std::string>& names) {
  GENERAL_NAMES* list = sk_GENERAL_NAME_new_null();
  require(list);
  for (const std::string& name : names) sk_GENERAL_NAME_push(list, general_name(name));
  const int added = X509_add1_ext_i2d(certificate, NID_subject_alt_name, list, 0, X509V3_ADD_DEFAULT);
  GENERAL_NAMES_free(list);
  check(added == 1);
}

void add_extension(X509* certificate, int nid, const char* value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value);
  check(extension != nullptr);
  const int added = X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
  check(added == 1);
}

void set_random_serial(X509* certificate) {
  BIGNUM* number = BN_new();
  require(number);
  const bool set = BN_rand(number, 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
                   BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nullptr;
  BN_free(number);
  check(set);
}

void set_subject(X509* certificate, const std::string& name) {
  X509_NAME* subject = X509_get_subject_name(certificate);
  const std::string common = name.substr(0, 64);  // X.520's bound for commonName
  check(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                   reinterpret_cast<const unsigned char*>(common.data()),
                                   static_cast<int>(common.size()), -1, 0) == 1);
  check(X509_set_issuer_name(certificate, subject) == 1);
}

std::string pem_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace

SelfSigned make_self_signed(const std::vector<std::string>& names) {
  const KeyPtr key(EVP_EC_gen("P-256"));
  check(key != nullptr);
  const X509Ptr certificate(X509_new());
  require(certificate.get());
  X509_set_version(certificate.get(), X509_VERSION_3);
  set_random_serial(certificate.get());
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -kClockSkewSeconds);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), kValidForSeconds);
  set_subject(certificate.get(), names.empty() ? "tidegate" : names.front());
  check(X509_set_pubkey(certificate.get(), key.get()) == 1);
  add_extension(certificate.get(), NID_basic_constraints, "critical,CA:FALSE");
  add_extension(certificate.get(), NID_key_usage, "critical,digitalSignature");
  add_extension(certificate.get(), NID_ext_key_usage, "serverAuth");
  if (!names.empty()) add_names(certificate.get(), names);
  check(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0);

  const BioPtr certificate_pem(BIO_new(BIO_s_mem()));
  const BioPtr key_pem(BIO_new(BIO_s_mem()));
  require(certificate_pem.get());
  require(key_pem.get());
  check(PEM_write_bio_X509(certificate_pem.get(), certificate.get()) == 1);
  check(PEM_write_bio_PrivateKey(key_pem.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return {pem_of(certificate_pem.get()), pem_of(key_pem.get())};
}

}  // namespace tidegate::tls
