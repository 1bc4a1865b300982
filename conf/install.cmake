# What `cmake --install` puts where, and the Debian package that `cpack` makes of it. The release preset has the prefix
# /usr, with which the configuration is in /etc; under another prefix everything says so.
include(GNUInstallDirs)
set(TIDEGATE_CONF ${PROJECT_SOURCE_DIR}/conf)
set(TIDEGATE_STAGE ${PROJECT_BINARY_DIR}/stage)
file(MAKE_DIRECTORY ${TIDEGATE_STAGE})

# tidegate_compressed(TARGET OUTPUT INPUT COMMAND...): what the command prints, gzipped, as policy wants it.
function(tidegate_compressed output input)
  string(REPLACE ";" " " command "${ARGN}")
  add_custom_command(OUTPUT ${TIDEGATE_STAGE}/${output}.gz
    COMMAND sh -c "${command} | gzip -9n >${TIDEGATE_STAGE}/${output}.gz"
    DEPENDS ${input} ${TIDEGATE_CONF}/man/from-markdown.awk VERBATIM)
  set(TIDEGATE_COMPRESSED ${TIDEGATE_COMPRESSED} ${TIDEGATE_STAGE}/${output}.gz PARENT_SCOPE)
endfunction()

# The manual pages are pages of docs/reference, which tests hold against the binary.
function(tidegate_manual name section page brief also)
  set(input ${PROJECT_SOURCE_DIR}/docs/reference/${page})
  tidegate_compressed(${name}.${section} ${input}
    "awk -v name=${name} -v section=${section} -v version=${PROJECT_VERSION} -v brief='${brief}' -v also='${also}'"
    "-f ${TIDEGATE_CONF}/man/from-markdown.awk ${input}")
  set(TIDEGATE_COMPRESSED ${TIDEGATE_COMPRESSED} PARENT_SCOPE)
  install(FILES ${TIDEGATE_STAGE}/${name}.${section}.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endfunction()

tidegate_manual(tidegate 1 command-line.md "the front door for applications that speak WebSocket" "tidegate.yaml(5)")
tidegate_manual(tidegate.yaml 5 configuration.md "configuration of tidegate(1)" "tidegate(1)")

configure_file(${TIDEGATE_CONF}/debian/changelog.in ${TIDEGATE_STAGE}/changelog @ONLY)
tidegate_compressed(changelog ${TIDEGATE_STAGE}/changelog "cat ${TIDEGATE_STAGE}/changelog")
add_custom_target(tidegate_papers ALL DEPENDS ${TIDEGATE_COMPRESSED})

configure_file(${TIDEGATE_CONF}/systemd/tidegate.service.in ${TIDEGATE_STAGE}/tidegate.service @ONLY)
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  set(TIDEGATE_ZSH share/zsh/vendor-completions)  # Debian's place for packages
else()
  set(TIDEGATE_ZSH share/zsh/site-functions)
endif()

install(TARGETS tidegate RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${TIDEGATE_CONF}/debian/tidegate.yaml DESTINATION ${CMAKE_INSTALL_FULL_SYSCONFDIR}/tidegate)
install(FILES ${TIDEGATE_CONF}/debian/logrotate DESTINATION ${CMAKE_INSTALL_FULL_SYSCONFDIR}/logrotate.d RENAME tidegate)
install(FILES ${TIDEGATE_STAGE}/tidegate.service DESTINATION lib/systemd/system)
install(FILES ${TIDEGATE_CONF}/completions/tidegate.bash DESTINATION share/bash-completion/completions RENAME tidegate)
install(FILES ${TIDEGATE_CONF}/completions/_tidegate DESTINATION ${TIDEGATE_ZSH})
install(FILES ${TIDEGATE_STAGE}/changelog.gz ${TIDEGATE_CONF}/debian/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES ${TIDEGATE_CONF}/debian/lintian-overrides DESTINATION share/lintian/overrides RENAME tidegate)
install(FILES ${TIDEGATE_CONF}/tidegate.yaml ${PROJECT_SOURCE_DIR}/metrics/alerts.yaml
              ${PROJECT_SOURCE_DIR}/metrics/grafana-dashboard.json
  DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME tidegate)
set(CPACK_PACKAGE_CONTACT "The Tidegate authors <authors@tidegate.invalid>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_STRIP_FILES TRUE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION httpd)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "front door for applications that speak WebSocket
Tidegate accepts HTTP and HTTPS, terminates TLS, and joins WebSocket clients
to upstream servers by the routes of one YAML file. It follows the frames
without changing a byte of them: tunnels survive every reload, end with a
proper Close frame, and can be seen and measured by route.")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, init-system-helpers (>= 1.52)")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "ca-certificates, logrotate")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${TIDEGATE_CONF}/debian/conffiles ${TIDEGATE_CONF}/debian/postinst ${TIDEGATE_CONF}/debian/prerm
  ${TIDEGATE_CONF}/debian/postrm)
include(CPack)
