#pragma once

#include <string>

#include "conf/model.h"
#include "gateway/base/diagnostic.h"

namespace tidegate::tls {

/// Reads a file that the configuration names into `out`. On failure adds "can't read <what> <path>:
/// <strerror>" where the path stood, and answers false.
bool read_file(const conf::Text& path, const char* what, std::string& out, Diagnostics& diagnostics);

/// The same for a file of certificates, or of revocation lists: there must be one at least.
bool read_certificates(const conf::Text& path, const char* what, std::string& pem, Diagnostics& diagnostics);
bool read_crls(const conf::Text& path, std::string& pem, Diagnostics& diagnostics);

}  // namespace tidegate::tls
