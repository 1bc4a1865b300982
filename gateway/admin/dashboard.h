#pragma once

#include <string_view>

namespace tidegate::admin {

/// The dashboard: one page of HTML, UTF-8, with its style and script inside, that asks nobody but the admin
/// address which served it. Made of the files in dashboard/; lives as long as the program, as does its
/// policy.
std::string_view dashboard_page();

/// Its Content-Security-Policy: the page's own style and script by their digests, requests to its origin,
/// nothing else.
std::string_view dashboard_policy();

}  // namespace tidegate::admin
