#pragma once

#include "conf/model.h"
#include "gateway/base/diagnostic.h"

namespace tidegate::conf {

/// What no section of the file can know alone: that names exist, that listeners and routes do not stand in
/// each other's way, that every upstream is used (else a warning).
void validate(const Config& config, Diagnostics& diagnostics);

}  // namespace tidegate::conf
