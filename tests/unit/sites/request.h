#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/http/head.h"
#include "gateway/sites/subject.h"

namespace tidegate::sites::test {

using Fields = std::vector<std::pair<std::string, std::string>>;

/// A request's head as a parser would hand it over. Owns what it points to.
class Request {
 public:
  explicit Request(Fields fields = {}, std::string method = "GET", std::string target = "/")
      : fields_(std::move(fields)), method_(std::move(method)), target_(std::move(target)) {
    head_->method = method_;
    head_->target = head_->path = target_;
    head_->authority = "example.com";
    for (const auto& [name, value] : fields_) head_->fields.push_back({name, value});
  }
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  const http::RequestHead& head() const { return *head_; }
  Subject subject() const { return {head_.get(), "192.0.2.1", "lab.test", "id"}; }

 private:
  Fields fields_;
  std::string method_, target_;
  std::unique_ptr<http::RequestHead> head_ = std::make_unique<http::RequestHead>();
};

}  // namespace tidegate::sites::test
