# Makes a table of what each CUDA kernel takes from demangled lines of ptxas -v, each after the name of its source file and a tab.
#
# In:   hot, the file with the names of kernels that may neither spill registers nor use local memory
# Out:  the table in Markdown; "error: ..." lines for every kernel that breaks the rule, and exit status 1 with them

# Without return type, namespaces and parameters: "activation_forward_kernel<1, 4>".
function short_name(text,    i, c, depth, start) {
    gsub(/\(anonymous namespace\)::/, "", text)
    gsub(/[A-Za-z_][A-Za-z0-9_]*::/, "", text)
    gsub(/> >/, ">>", text)
    start = 1
    for (i = 1; i <= length(text); ++i) {
        c = substr(text, i, 1)
        if (c == "<") {
            ++depth
        } else if (c == ">") {
            --depth
        } else if (c == " " && depth == 0) {
            start = i + 1
        } else if (c == "(" && depth == 0) {
            break
        }
    }
    return substr(text, start, i - start)
}

# The text between two quotation marks, the n-th of its kind in the line.
function quoted(line, n,    parts) {
    split(line, parts, "'")
    return parts[2 * n]
}

function number_before(line, words,    parts) {
    return match(line, "[0-9]+ " words) ? substr(line, RSTART, RLENGTH) + 0 : 0
}

BEGIN {
    FS = "\t"
    while ((getline line < hot) > 0) {
        sub(/#.*/, "", line)
        gsub(/[ \t\r]/, "", line)
        if (line != "") {
            is_hot[line] = 1
        }
    }
}

$2 ~ /Compiling entry function/ {
    name = short_name(quoted($2, 1))
    id = $1 SUBSEP name # two files may have kernels of one name
    architecture = quoted($2, 2)
    sub(/^sm_/, "", architecture)
    key = id SUBSEP architecture
    if (!(id in name_of)) {
        ids[++count] = id
        file[id] = $1
        name_of[id] = name
    }
    if (!(architecture in seen)) {
        seen[architecture] = 1
        architectures[++architecture_count] = architecture
    }
}
# Functions that are not inlined have lines of their own, which count for the kernel before them.
$2 ~ /bytes stack frame/ {
    stack[key] += number_before($2, "bytes stack frame")
    spills[key] += number_before($2, "bytes spill stores") + number_before($2, "bytes spill loads")
}
$2 ~ /Used [0-9]+ registers/ {
    registers[key] = number_before(substr($2, index($2, "Used")), "registers")
    shared[key] = number_before($2, "bytes smem")
    local_bytes[key] = number_before($2, "bytes lmem")
}

function sort_ids(    i, j, held) {
    for (i = 2; i <= count; ++i) {
        held = ids[i]
        for (j = i - 1; j >= 1 && ids[j] > held; --j) {
            ids[j + 1] = ids[j]
        }
        ids[j + 1] = held
    }
}

# One figure, or one per architecture where they differ.
function figures(values, id,    a, text, same) {
    same = 1
    for (a = 1; a <= architecture_count; ++a) {
        text = text (a > 1 ? " / " : "") values[id, architectures[a]] + 0
        same = same && values[id, architectures[a]] + 0 == values[id, architectures[1]] + 0
    }
    return same ? values[id, architectures[1]] + 0 : text
}

function check_hot(id,    base, a) {
    base = name_of[id]
    sub(/<.*/, "", base)
    if (!(base in is_hot)) {
        return ""
    }
    found[base] = 1
    for (a = 1; a <= architecture_count; ++a) {
        key = id SUBSEP architectures[a]
        if (spills[key] + stack[key] + local_bytes[key] > 0) {
            error(name_of[id] " on sm_" architectures[a] ": " spills[key] + 0 " bytes of spills, " \
                  stack[key] + local_bytes[key] " bytes of local memory")
        }
    }
    return "yes"
}

function error(text) {
    errors[++error_count] = "error: " text
}

END {
    sort_ids()
    for (i = 1; i <= architecture_count; ++i) {
        listed = listed (i > 1 ? " / " : "") "sm_" architectures[i]
    }
    print "Two figures: " listed ". Shared memory is the static part. Spills are loads and stores together, in bytes per thread."
    print ""
    print "| file | kernel | registers | shared | stack | spills | hot |"
    print "|---|---|---|---|---|---|---|"
    for (i = 1; i <= count; ++i) {
        id = ids[i]
        print "| " file[id] " | `" name_of[id] "` | " figures(registers, id) " | " figures(shared, id) " | " figures(stack, id) " | " \
              figures(spills, id) " | " check_hot(id) " |"
    }
    for (base in is_hot) {
        if (!(base in found)) {
            error("no kernel is named " base ", which the list of hot kernels has")
        }
    }
    if (count == 0) {
        error("no kernel was compiled")
    }
    for (i = 1; i <= error_count; ++i) {
        print errors[i]
    }
    exit error_count > 0
}
