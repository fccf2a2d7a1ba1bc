#include "symbols.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <cxxabi.h>
#include <dlfcn.h>

#if defined(__linux__)
#include <elf.h>
#include <fstream>
#include <vector>
#endif

namespace compiled::sim {
namespace {

std::string demangled(const char* symbol) {
    int status = 0;
    char* text = abi::__cxa_demangle(symbol, nullptr, nullptr, &status);
    std::string name = status == 0 ? text : symbol;
    std::free(text);
    return name;
}

#if defined(__linux__)
// The symbol table of a file in ELF. The dynamic linker knows exported symbols alone, and kernels mostly live in unnamed namespaces.
class SymbolTable {
public:
    explicit SymbolTable(const char* path) : _file(path, std::ios::binary) {
        Elf64_Ehdr header{};
        read(0, &header, sizeof(header));
        if (!_file || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
            return;
        }
        std::vector<Elf64_Shdr> sections(header.e_shnum);
        read(header.e_shoff, sections.data(), sections.size() * sizeof(Elf64_Shdr));
        for (const Elf64_Shdr& section : sections) {
            if (_file && section.sh_type == SHT_SYMTAB && section.sh_link < sections.size()) {
                _symbols.resize(section.sh_size / sizeof(Elf64_Sym));
                read(section.sh_offset, _symbols.data(), _symbols.size() * sizeof(Elf64_Sym));
                const Elf64_Shdr& names = sections[section.sh_link];
                _names.resize(names.sh_size + 1);
                read(names.sh_offset, _names.data(), names.sh_size);
            }
        }
    }

    // Null where there is no function that begins there.
    const char* find(uint64_t value) const {
        for (const Elf64_Sym& symbol : _symbols) {
            if (symbol.st_value == value && ELF64_ST_TYPE(symbol.st_info) == STT_FUNC && symbol.st_name < _names.size()) {
                return &_names[symbol.st_name];
            }
        }
        return nullptr;
    }

private:
    void read(uint64_t offset, void* target, size_t bytes) {
        _file.seekg(static_cast<std::streamoff>(offset));
        _file.read(static_cast<char*>(target), static_cast<std::streamsize>(bytes));
    }

    std::ifstream _file;
    std::vector<Elf64_Sym> _symbols;
    std::vector<char> _names;
};

std::string local_name(const Dl_info& info, const void* address) {
    SymbolTable table(info.dli_fname);
    auto value = reinterpret_cast<uint64_t>(address), base = reinterpret_cast<uint64_t>(info.dli_fbase);
    const char* symbol = table.find(value - base);
    symbol = symbol == nullptr ? table.find(value) : symbol; // a program that stands where it was linked to
    return symbol == nullptr ? "" : demangled(symbol);
}
#endif

} // namespace

std::string function_name(const void* address) {
    Dl_info info = {};
    if (dladdr(address, &info) == 0) {
        return "";
    }
    if (info.dli_saddr == address && info.dli_sname != nullptr) {
        return demangled(info.dli_sname);
    }
#if defined(__linux__)
    return local_name(info, address);
#else
    return "";
#endif
}

} // namespace compiled::sim
