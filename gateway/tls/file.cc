#include "gateway/tls/file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "gateway/tls/certificate.h"

namespace tidegate::tls {
namespace {

constexpr std::size_t kMaxBytes = 4 * kMiB;  ///< the largest bundles of authorities are a tenth of this

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

/// Answers 0 or an errno.
int read_into(const std::string& path, std::string& out) {
  const std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "rbe"));
  if (file == nullptr) return errno;
  char chunk[16 * kKiB];
  for (;;) {
    errno = 0;
    const std::size_t got = std::fread(chunk, 1, sizeof chunk, file.get());
    if (got == 0) return std::ferror(file.get()) != 0 ? errno : 0;  // a directory opens, but reads EISDIR
    out.append(chunk, got);
    if (out.size() > kMaxBytes) return EFBIG;
  }
}

}  // namespace

bool read_file(const conf::Text& path, const char* what, std::string& out, Diagnostics& diagnostics) {
  out.clear();
  const int error = read_into(path.value, out);
  if (error == 0) return true;
  diagnostics.error(path.at,
                    std::string("can't read ") + what + " " + path.value + ": " + std::strerror(error));
  return false;
}

bool read_certificates(const conf::Text& path, const char* what, std::string& pem, Diagnostics& diagnostics) {
  if (!read_file(path, what, pem, diagnostics)) return false;
  if (!parse_certificates(nullptr, pem).empty()) return true;
  diagnostics.error(path.at, path.value +
                                 " holds no certificate that can be read; expected PEM, which begins with "
                                 "-----BEGIN CERTIFICATE-----");
  return false;
}

bool read_crls(const conf::Text& path, std::string& pem, Diagnostics& diagnostics) {
  if (!read_file(path, "revocation list", pem, diagnostics)) return false;
  if (!parse_crls(nullptr, pem).empty()) return true;
  diagnostics.error(path.at,
                    path.value +
                        " holds no revocation list that can be read; expected PEM, which begins with "
                        "-----BEGIN X509 CRL-----");
  return false;
}

}  // namespace tidegate::tls
