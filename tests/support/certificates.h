#pragma once

#include <memory>
#include <string>
#include <vector>

namespace tidegate::test {

enum class KeyType { rsa, ecdsa };

/// A certificate and its key as PEM.
struct Issued {
  std::string certificate;
  std::string private_key;
};

/// What a certificate should say.
struct Wanted {
  std::vector<std::string> names;  ///< dNSNames, or iPAddresses where they are addresses
  KeyType key = KeyType::ecdsa;
  int valid_from_days = -1;  ///< counted from now
  int valid_to_days = 30;
  std::string common_name = {};  ///< empty: the first name
  int rsa_bits = 2048;
};

/// A certificate authority that lives as long as its test.
class Authority {
 public:
  explicit Authority(const std::string& name = "Test Authority");
  ~Authority();
  Issued issue(const Wanted& wanted) const;
  /// Its own certificate, PEM.
  const std::string& certificate() const { return certificate_; }

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::string certificate_;
};

/// The key as PEM under a passphrase.
std::string encrypted(const std::string& private_key_pem, const std::string& passphrase);

/// A directory of its own that goes with its object.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::string& path() const { return path_; }
  /// Writes a file readable by its owner alone, unless `mode` says otherwise; answers its path.
  std::string write(const std::string& name, const std::string& content, unsigned mode = 0600) const;

 private:
  std::string path_;
};

}  // namespace tidegate::test
