#include "gateway/tls/bio.h"

#include <algorithm>
#include <cstring>

namespace tidegate::tls {

Wire::Wire(OSSL_LIB_CTX* lib_ctx) : bio_(BIO_new_ex(lib_ctx, method())) {
  require(bio_.get());
  BIO_set_data(bio_.get(), this);
  BIO_set_init(bio_.get(), 1);
}

void Wire::attach(SSL* ssl) {
  BIO_up_ref(bio_.get());
  SSL_set_bio(ssl, bio_.get(), bio_.get());  // takes one reference where both are the same
}

const BIO_METHOD* Wire::method() {
  // One for the process, never freed: OpenSSL keeps pointers to it in every BIO.
  static const BIO_METHOD* const the_method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "tidegate wire");
    require(made);
    BIO_meth_set_read_ex(made, &Wire::on_read);
    BIO_meth_set_write_ex(made, &Wire::on_write);
    BIO_meth_set_ctrl(made, &Wire::on_ctrl);
    return made;
  }();
  return the_method;
}

int Wire::on_read(BIO* bio, char* to, std::size_t size, std::size_t* read) noexcept {
  auto& wire = *static_cast<Wire*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (wire.input_ == nullptr || wire.input_->empty()) {
    BIO_set_retry_read(bio);
    return 0;
  }
  const std::size_t taken = std::min(size, wire.input_->size());
  std::memcpy(to, wire.input_->data(), taken);
  *wire.input_ = wire.input_->subspan(taken);
  *read = taken;
  return 1;
}

int Wire::on_write(BIO* bio, const char* from, std::size_t size, std::size_t* written) noexcept {
  auto& wire = *static_cast<Wire*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (wire.output_ == nullptr) return 0;
  wire.output_->append(from, size);
  *written = size;
  return 1;
}

long Wire::on_ctrl(BIO*, int command, long, void*) noexcept {
  return command == BIO_CTRL_FLUSH ? 1 : 0;  // there is nothing to flush, and all else is unknown here
}

}  // namespace tidegate::tls
