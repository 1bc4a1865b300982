#pragma once

namespace tidegate::log {

/// From now on lines have nginx's form, whatever set_format() says:
/// `2026/11/21 12:00:00 [error] 123#123: area: message`. What `server` says of itself is a [notice], of a
/// configuration that cannot be used an [emerg].
void speak_as_nginx();

}  // namespace tidegate::log
