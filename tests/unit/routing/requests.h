#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/base/text.h"
#include "gateway/http/head.h"
#include "gateway/routing/uri.h"
#include "gateway/routing/variables.h"

namespace tidegate::routing::test {

/// A request as a parser would hand it over, and the view that goes with it. Owns all that both point to.
class Request {
 public:
  using Fields = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  explicit Request(std::string path, std::string_view host = "example.com", Fields fields = {})
      : path_(std::move(path)), authority_(host), fields_(fields.begin(), fields.end()) {
    head_->method = "GET";
    head_->target = head_->path = path_;
    head_->authority = authority_;
    head_->host = to_lower(host.substr(0, host.starts_with('[') ? host.find(']') + 1 : host.find(':')));
    for (const auto& [name, value] : fields_) head_->fields.push_back({name, value});
    uri_ = std::move(normalize_path(path_)).value();
    const std::string_view query = query_of(path_);
    view.head = head_.get();
    view.uri = uri_;
    view.args = query.empty() ? query : query.substr(1);
    view.scheme = "https";
    view.listener = "https";
  }
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  http::RequestHead& head() { return *head_; }
  RequestView view;

 private:
  std::string path_, authority_, uri_;
  std::vector<std::pair<std::string, std::string>> fields_;
  std::unique_ptr<http::RequestHead> head_ = std::make_unique<http::RequestHead>();
};

}  // namespace tidegate::routing::test
