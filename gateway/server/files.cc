#include "gateway/server/files.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "gateway/base/bytes.h"
#include "gateway/base/crypto.h"

namespace tidegate::server {
namespace {

/// Certificates and configurations are small; of what is not, the beginning has to do.
constexpr std::size_t kMost = 16 * kMiB;

}  // namespace

std::vector<std::string> files_of(const conf::Config& config) {
  std::vector<std::string> files;
  const auto add = [&files](const conf::Text& path) {
    if (path.empty() || std::find(files.begin(), files.end(), path.value) != files.end()) return;
    files.push_back(path.value);
  };
  const auto add_tls = [&add](const conf::ListenerTls& tls) {
    for (const conf::Certificate& pair : tls.certificates) {
      add(pair.certificate);
      add(pair.private_key);
    }
    if (tls.client_auth) {
      add(tls.client_auth->ca);
      add(tls.client_auth->crl);
    }
    add(tls.key_passwords);
    add(tls.dh_parameters);
    add(tls.stapled_response);
  };
  for (const conf::Listener& listener : config.listeners) {
    if (!listener.tls) continue;
    add_tls(*listener.tls);
    for (const conf::NamedTls& named : listener.tls->by_name) add_tls(named.tls);
  }
  for (const conf::Upstream& upstream : config.upstreams) {
    add(upstream.tls.ca);
    add(upstream.tls.crl);
    if (!upstream.tls.certificate) continue;
    add(upstream.tls.certificate->certificate);
    add(upstream.tls.certificate->private_key);
  }
  return files;
}

std::string digest_of(const std::string& path) {
  // A pipe gives its bytes once, and not to us; opening it might wait for ever.
  std::error_code failed;
  if (!std::filesystem::is_regular_file(path, failed)) return failed ? "unreadable" : "no file";
  const auto close = [](std::FILE* file) { std::fclose(file); };
  const std::unique_ptr<std::FILE, decltype(close)> file(std::fopen(path.c_str(), "rbe"), close);
  if (file == nullptr) return "unreadable: " + std::to_string(errno);
  std::string text;
  char chunk[16 * 1024];
  std::size_t count = 0;
  while (text.size() < kMost && (count = std::fread(chunk, 1, sizeof chunk, file.get())) > 0) {
    text.append(chunk, count);
  }
  if (std::ferror(file.get()) != 0) return "unreadable";
  return base64_encode(sha256(text));
}

Contents contents_of(const conf::Config& config) {
  Contents contents;
  for (const std::string& path : files_of(config)) contents.emplace(path, digest_of(path));
  return contents;
}

}  // namespace tidegate::server
