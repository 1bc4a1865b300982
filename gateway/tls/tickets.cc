#include "gateway/tls/tickets.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>

#include <algorithm>

#include "gateway/base/crypto.h"

namespace tidegate::tls {
namespace {

void wipe(TicketKeys::Key& key) {
  OPENSSL_cleanse(key.cipher_key.data(), key.cipher_key.size());
  OPENSSL_cleanse(key.mac_key.data(), key.mac_key.size());
}

/// Wipes the copy that left the lock.
struct Wiper {
  TicketKeys::Key& key;
  ~Wiper() { wipe(key); }
};

bool set_mac_key(EVP_MAC_CTX* mac, TicketKeys::Key& key) {
  char digest[] = "SHA256";
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key.mac_key.data(), key.mac_key.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end()};
  return EVP_MAC_CTX_set_params(mac, params) == 1;
}

}  // namespace

std::shared_ptr<TicketKeys> make_ticket_keys() {
  return std::make_shared<TicketKeys>();
}

TicketKeys::~TicketKeys() {
  for (Key& key : keys_) wipe(key);
}

void TicketKeys::drop_old(Time now) {
  while (!keys_.empty() && now - keys_.back().made >= kOpensFor) {
    wipe(keys_.back());
    keys_.pop_back();
  }
}

TicketKeys::Key TicketKeys::sealing(Time now) {
  const std::lock_guard lock(mutex_);
  drop_old(now);
  if (keys_.empty() || now - keys_.front().made >= kNewKeyEvery) {
    Key& key = keys_.emplace_front();
    fill_random(key.name);
    fill_random(key.cipher_key);
    fill_random(key.mac_key);
    key.made = now;
  }
  return keys_.front();
}

std::optional<TicketKeys::Opening> TicketKeys::opening(std::span<const std::uint8_t, 16> name, Time now) {
  const std::lock_guard lock(mutex_);
  drop_old(now);
  const auto found = std::find_if(keys_.begin(), keys_.end(),
                                  [&](const Key& key) { return std::ranges::equal(key.name, name); });
  if (found == keys_.end()) return std::nullopt;
  return Opening{*found, now - found->made >= kNewKeyEvery};
}

int use_ticket_key(TicketKeys& keys, const EVP_CIPHER* aes256_cbc, unsigned char* name, unsigned char* iv,
                   EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, int encrypt) {
  const auto now = std::chrono::steady_clock::now();
  if (encrypt == 1) {
    TicketKeys::Key key = keys.sealing(now);
    const Wiper wiper{key};
    std::ranges::copy(key.name, name);
    fill_random({iv, 16});
    const bool ready = EVP_EncryptInit_ex2(cipher, aes256_cbc, key.cipher_key.data(), iv, nullptr) == 1 &&
                       set_mac_key(mac, key);
    return ready ? 1 : -1;
  }
  auto found = keys.opening(std::span<const std::uint8_t, 16>(name, 16), now);
  if (!found) return 0;
  const Wiper wiper{found->key};
  const bool ready =
      EVP_DecryptInit_ex2(cipher, aes256_cbc, found->key.cipher_key.data(), iv, nullptr) == 1 &&
      set_mac_key(mac, found->key);
  if (!ready) return -1;
  return found->renew ? 2 : 1;
}

}  // namespace tidegate::tls
