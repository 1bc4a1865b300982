#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "gateway/base/ip.h"

namespace tidegate::sites {

struct Forwarded {
  IpAddress address;
  std::uint16_t port = 0;  ///< 0: not said
};

bool is_among(const IpAddress& address, std::span<const Cidr> blocks);

/// Who a proxy says it speaks for: the last address of a list that it sent; with `recursive` the last that is
/// not itself one of `proxies`. Nothing: the list makes no sense (ngx_http_get_forwarded_addr).
std::optional<Forwarded> forwarded_address(std::string_view list, std::span<const Cidr> proxies,
                                           bool recursive);

}  // namespace tidegate::sites
