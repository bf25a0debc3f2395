# Script mode: writes the header and source that carry the SQL files, in numeric order, with their names.
# The checksum is taken at run time over the same bytes, so what is recorded is what was executed.
list(SORT FILES COMPARE NATURAL)
set(rows "")
foreach(file IN LISTS FILES)
    get_filename_component(name ${file} NAME_WE)
    if(NOT name MATCHES "^[0-9][0-9][0-9][0-9]_[a-z0-9_]+$")
        message(FATAL_ERROR "${file}: a migration is named NNNN_what_it_does.sql")
    endif()
    file(READ ${file} sql)
    string(APPEND rows "    {\"${name}\", R\"migration(${sql})migration\"},\n")
endforeach()
file(WRITE ${HEADER} "#pragma once\n#include <gravity/pg/migrations.hpp>\nnamespace gravity {\n/// The numbered SQL files of this service, in order.\npg::Migrations ${ID}_migrations();\n} // namespace gravity\n")
file(WRITE ${SOURCE} "#include \"${ID}_migrations.hpp\"\nnamespace gravity {\nnamespace {\nconstexpr pg::Migration migrations[] = {\n${rows}};\n}\npg::Migrations ${ID}_migrations() { return migrations; }\n} // namespace gravity\n")
