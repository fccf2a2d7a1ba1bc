# Writes the report of run.sh from its files: machine.txt, parts.tsv, and as many as there are of measure.jsonl, experiments.jsonl and
# history.csv of a training.
#
# In:   form, md or json

function base_name(path) {
    sub(/.*\//, "", path)
    return path
}

# The value of a key in a line of JSON without nested objects; "" where it has none.
function get(line, key,    value) {
    if (!match(line, "\"" key "\": *(\"[^\"]*\"|[^,}]*)")) {
        return ""
    }
    value = substr(line, RSTART, RLENGTH)
    sub(/^"[^"]*": */, "", value)
    gsub(/"/, "", value)
    return value
}

function escaped(text) {
    gsub(/\\/, "/", text)
    gsub(/"/, "\\\"", text)
    gsub(/[[:cntrl:]]/, " ", text)
    return text
}

function add(list, counts, value) {
    if (!((list, value) in known)) {
        known[list, value] = 1
        items[list, ++counts[list]] = value
    }
}

FNR == 1 { file = base_name(FILENAME) }

file == "machine.txt" && /: / {
    machine[++machine_count] = $0
    next
}
file == "parts.tsv" {
    split($0, fields, "\t")
    part[++part_count] = $0
    next
}
file == "measure.jsonl" && /^\{.*\}$/ {
    figure[++figure_count] = $0
    peer = get($0, "peer")
    precision = get($0, "precision")
    batch = get($0, "batch")
    if (get($0, "error") != "") {
        errors[++error_count] = peer ", " precision ", batch " batch ": " get($0, "error")
        next
    }
    add("peer", count, peer)
    add("precision", count, precision)
    add("batch", count, batch)
    line_of[peer, precision, batch] = $0
    next
}
file == "experiments.jsonl" && /^\{.*\}$/ {
    experiment[++experiment_count] = $0
    next
}
file == "history.csv" {
    if (FNR == 1) {
        columns = split($0, header, ",")
    } else {
        epoch[++epoch_count] = $0
    }
    next
}

function column(row, name,    fields, i) {
    split(row, fields, ",")
    for (i = 1; i <= columns; ++i) {
        if (header[i] == name) {
            return fields[i]
        }
    }
    return ""
}

# --- Markdown -----------------------------------------------------------------------------------------------------------------------

function shown(line, key, scale,    value) {
    value = line == "" ? "" : get(line, key)
    return value == "" ? "" : sprintf(scale >= 1000 ? "%.0f" : "%.1f", value / scale)
}

# A table of one figure: contestants down, batch sizes across.
function print_table(title, precision, key, scale,    i, j, row, any, line, first, value) {
    print "\n" title "\n"
    row = "| |"
    line = "|---|"
    for (j = 1; j <= count["batch"]; ++j) {
        row = row " batch " items["batch", j] " |"
        line = line "---|"
    }
    print row
    print line
    for (i = 1; i <= count["peer"]; ++i) {
        row = "| " items["peer", i] " |"
        any = 0
        for (j = 1; j <= count["batch"]; ++j) {
            value = shown(line_of[items["peer", i], precision, items["batch", j]], key, scale)
            any = any || value != ""
            row = row " " value with_ratio(i, j, precision, key, value) " |"
        }
        if (any) {
            print row
        }
    }
}

# How much longer a step takes than Compiled's, which is the first contestant.
function with_ratio(i, j, precision, key, value,    own) {
    own = get(line_of["Compiled", precision, items["batch", j]], "median_us")
    if (key != "median_us" || i == 1 || value == "" || own == "") {
        return ""
    }
    return sprintf(" (%.2fx)", get(line_of[items["peer", i], precision, items["batch", j]], key) / own)
}

function print_measurements(    p) {
    print "\n## Training steps of the CIFAR-10 network\n"
    print "Medians over blocks of steps, Adam, dropout on, the images on the GPU; in brackets how many times as long as Compiled."
    for (p = 1; p <= count["precision"]; ++p) {
        print "\n### " items["precision", p]
        print_table("Time per step (us)", items["precision", p], "median_us", 1)
        print_table("Thousands of images per second", items["precision", p], "images_per_second", 1000)
        print_table("Peak memory (MB)", items["precision", p], "peak_bytes", 1000000)
        print_table("Time to the end of the first step (ms)", items["precision", p], "first_step_s", 0.001)
    }
}

function print_markdown(    i, fields, key, value, best, row) {
    print "# Compiled on a GPU\n"
    print "| | |"
    print "|---|---|"
    for (i = 1; i <= machine_count; ++i) {
        key = value = machine[i]
        sub(/: .*/, "", key)
        sub(/^[^:]*: /, "", value)
        print "| " key " | " value " |"
    }
    print "\n| part | | seconds | |"
    print "|---|---|---|---|"
    for (i = 1; i <= part_count; ++i) {
        split(part[i], fields, "\t")
        gsub(/\|/, "/", fields[4])
        print "| " fields[1] " | " fields[2] " | " fields[3] " | " fields[4] " |"
    }
    if (figure_count > 0) {
        print_measurements()
    }
    for (i = 1; i <= error_count; ++i) {
        if (i == 1) {
            print "\nWhat could not be measured:\n"
        }
        print "* " errors[i]
    }
    for (i = 1; i <= experiment_count; ++i) {
        if (i == 1) {
            print "\n## Experiments\n\n| | | | |\n|---|---|---|---|"
        }
        print "| " get(experiment[i], "experiment") " | " get(experiment[i], "name") " | " get(experiment[i], "value") " | " \
              get(experiment[i], "unit") " |"
    }
    if (epoch_count > 0) {
        print "\n## Training\n\n| epoch | accuracy | validation | seconds |\n|---|---|---|---|"
        for (i = 1; i <= epoch_count; ++i) {
            row = epoch[i]
            print "| " column(row, "epoch") " | " column(row, "accuracy") " | " column(row, "val_accuracy") " | " \
                  column(row, "seconds") " |"
        }
    }
}

# --- JSON ---------------------------------------------------------------------------------------------------------------------------

function print_lines(name, lines, lines_count, closing,    i) {
    print "  \"" name "\": ["
    for (i = 1; i <= lines_count; ++i) {
        print "    " lines[i] (i < lines_count ? "," : "")
    }
    print "  ]" closing
}

function print_json(    i, fields, key, value, lines) {
    print "{"
    print "  \"machine\": {"
    for (i = 1; i <= machine_count; ++i) {
        key = value = machine[i]
        sub(/: .*/, "", key)
        sub(/^[^:]*: /, "", value)
        print "    \"" escaped(key) "\": \"" escaped(value) "\"" (i < machine_count ? "," : "")
    }
    print "  },"
    for (i = 1; i <= part_count; ++i) {
        split(part[i], fields, "\t")
        lines[i] = "{\"part\": \"" fields[1] "\", \"result\": \"" fields[2] "\", \"seconds\": " fields[3] ", \"words\": \"" \
                   escaped(fields[4]) "\"}"
    }
    print_lines("parts", lines, part_count, ",")
    print_lines("steps", figure, figure_count, ",")
    print_lines("experiments", experiment, experiment_count, ",")
    for (i = 1; i <= epoch_count; ++i) {
        lines[i] = "{\"epoch\": " column(epoch[i], "epoch") ", \"accuracy\": " column(epoch[i], "accuracy") ", \"val_accuracy\": " \
                   column(epoch[i], "val_accuracy") ", \"seconds\": " column(epoch[i], "seconds") "}"
    }
    print_lines("epochs", lines, epoch_count, "")
    print "}"
}

END {
    if (form == "json") {
        print_json()
    } else {
        print_markdown()
    }
}
