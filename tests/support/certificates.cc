#include "tests/support/certificates.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace tidegate::test {
namespace {

void check(bool done) {
  if (!done) throw std::runtime_error("test certificate: " + std::to_string(ERR_get_error()));
}

template <auto Free>
struct FreeWith {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using X509Ptr = std::unique_ptr<X509, FreeWith<X509_free>>;
using BioPtr = std::unique_ptr<BIO, FreeWith<BIO_free>>;

KeyPtr make_key(KeyType type, int rsa_bits) {
  if (type == KeyType::ecdsa) return KeyPtr(EVP_EC_gen("P-256"));
  return KeyPtr(EVP_RSA_gen(static_cast<unsigned>(rsa_bits)));
}

bool is_address(const std::string& name) {
  unsigned char bytes[16];
  return inet_pton(AF_INET, name.c_str(), bytes) == 1 || inet_pton(AF_INET6, name.c_str(), bytes) == 1;
}

void add_extension(X509* certificate, int nid, const std::string& value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
  check(extension != nullptr);
  const int added = X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
  check(added == 1);
}

void set_common_name(X509_NAME* name, const std::string& text) {
  check(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()), -1, 0) == 1);
}

X509Ptr make_certificate(const Wanted& wanted, EVP_PKEY* key) {
  static long serial = 1;
  X509Ptr made(X509_new());
  X509_set_version(made.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), 24L * 3600 * wanted.valid_from_days);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), 24L * 3600 * wanted.valid_to_days);
  const bool named = !wanted.common_name.empty();
  if (named || !wanted.names.empty()) {
    set_common_name(X509_get_subject_name(made.get()), named ? wanted.common_name : wanted.names.front());
  }
  check(X509_set_pubkey(made.get(), key) == 1);
  return made;
}

std::string text_of(const BioPtr& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string pem_of(X509* certificate) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  check(PEM_write_bio_X509(bio.get(), certificate) == 1);
  return text_of(bio);
}

std::string pem_of(EVP_PKEY* key) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  check(PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return text_of(bio);
}

}  // namespace

struct Authority::Impl {
  KeyPtr key;
  X509Ptr certificate;
};

Authority::Authority(const std::string& name) : impl_(std::make_unique<Impl>()) {
  impl_->key = make_key(KeyType::ecdsa, 0);
  Wanted wanted;
  wanted.common_name = name;
  impl_->certificate = make_certificate(wanted, impl_->key.get());
  X509* own = impl_->certificate.get();
  check(X509_set_issuer_name(own, X509_get_subject_name(own)) == 1);
  add_extension(own, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(own, NID_key_usage, "critical,keyCertSign,cRLSign");
  check(X509_sign(own, impl_->key.get(), EVP_sha256()) > 0);
  certificate_ = pem_of(own);
}

Authority::~Authority() = default;

Issued Authority::issue(const Wanted& wanted) const {
  const KeyPtr key = make_key(wanted.key, wanted.rsa_bits);
  const X509Ptr made = make_certificate(wanted, key.get());
  check(X509_set_issuer_name(made.get(), X509_get_subject_name(impl_->certificate.get())) == 1);
  add_extension(made.get(), NID_basic_constraints, "CA:FALSE");
  std::string names;
  for (const std::string& name : wanted.names) {
    names += (names.empty() ? "" : ",") + std::string(is_address(name) ? "IP:" : "DNS:") + name;
  }
  if (!names.empty()) add_extension(made.get(), NID_subject_alt_name, names);
  check(X509_sign(made.get(), impl_->key.get(), EVP_sha256()) > 0);
  return {pem_of(made.get()), pem_of(key.get())};
}

std::string encrypted(const std::string& private_key_pem, const std::string& passphrase) {
  const BioPtr in(BIO_new_mem_buf(private_key_pem.data(), static_cast<int>(private_key_pem.size())));
  const KeyPtr key(PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr));
  check(key != nullptr);
  const BioPtr out(BIO_new(BIO_s_mem()));
  check(PEM_write_bio_PKCS8PrivateKey(out.get(), key.get(), EVP_aes_256_cbc(), passphrase.data(),
                                      static_cast<int>(passphrase.size()), nullptr, nullptr) == 1);
  return text_of(out);
}

TempDir::TempDir() {
  std::string pattern = (std::filesystem::temp_directory_path() / "tidegate-test-XXXXXX").string();
  check(mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TempDir::write(const std::string& name, const std::string& content, unsigned mode) const {
  const std::string file = path_ + "/" + name;
  std::ofstream(file, std::ios::binary) << content;
  check(chmod(file.c_str(), mode) == 0);
  return file;
}

}  // namespace tidegate::test
