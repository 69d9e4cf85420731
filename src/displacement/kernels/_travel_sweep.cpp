// The part of the travel-time kernel that works on vectors, compiled once for each instruction set.
//
// It uses no templates or inline functions of the standard library: their copies here, made for a newer processor,
// could be the ones that the linker keeps for all.

#include <math.h>
#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
#endif

#include "_travel.hpp"

#include "_travel_lanes.hpp"

namespace {

using travel::CHUNK;
using travel::Field;
using std::ptrdiff_t;

constexpr int REGISTERS = KERNEL_LANES / WIDTH;
constexpr int LANES = KERNEL_LANES;
static_assert(REGISTERS * WIDTH == LANES && LANES <= 32, "lanes fill whole registers");

constexpr float NO_WAY = INFINITY;

// All lanes of a cell.
struct Cell {
    Register part[REGISTERS];
};
struct Changes {
    Bits part[REGISTERS];
};

inline Cell get(const float* from) {
    Cell cell;
    for (int i = 0; i < REGISTERS; ++i) cell.part[i] = load(from + i * WIDTH);
    return cell;
}
inline void put(float* to, const Cell& cell) {
    for (int i = 0; i < REGISTERS; ++i) store(to + i * WIDTH, cell.part[i]);
}
inline Cell later(const Cell& cell, float hours) {
    Cell found;
    const Register more = all(hours);
    for (int i = 0; i < REGISTERS; ++i) found.part[i] = add(cell.part[i], more);
    return found;
}
inline Cell least(const Cell& a, const Cell& b) {
    Cell found;
    for (int i = 0; i < REGISTERS; ++i) found.part[i] = least(a.part[i], b.part[i]);
    return found;
}
inline Changes unchanged() {
    Changes found;
    for (int i = 0; i < REGISTERS; ++i) found.part[i] = nothing();
    return found;
}
inline Changes differing(const Cell& a, const Cell& b) {
    Changes found;
    for (int i = 0; i < REGISTERS; ++i) found.part[i] = differing(a.part[i], b.part[i]);
    return found;
}
inline Changes either(const Changes& a, const Changes& b) {
    Changes found;
    for (int i = 0; i < REGISTERS; ++i) found.part[i] = either(a.part[i], b.part[i]);
    return found;
}
inline bool any(const Changes& changes) {
    Bits found = changes.part[0];
    for (int i = 1; i < REGISTERS; ++i) found = either(found, changes.part[i]);
    return any(found);
}

// Chunks of a row that have changed, and those whose first and last cell has.
struct Marks {
    uint32_t any, first, last;
};

inline void note(Marks& marks, int chunk, const Changes& within, const Changes& first, const Changes& last) {
    if (!any(within)) return;
    const uint32_t bit = uint32_t{1} << chunk;
    marks.any |= bit;
    if (any(first)) marks.first |= bit;
    if (any(last)) marks.last |= bit;
}

// A row that is being swept, and the row it looks at; edges are those into each cell.
struct Row {
    float* here;
    const float* there;
    const float *behind, *beside, *ahead;  // from the other row: the cell before, the same, the one after
    const float* along;                    // to the next cell on the row
};

// Left to right, looking at the other row and at the cell before.
template <bool LOOK>
inline void rightwards(const Row& row, ptrdiff_t start, int count, int chunk, Marks& marks) {
    Changes within = unchanged(), first = unchanged(), last = unchanged();
    float* here = row.here + start * LANES;
    const float* there = row.there + start * LANES;
    Cell before = get(here - LANES);
    Cell behind = get(there - LANES), beside = get(there);
    for (int i = 0; i < count; ++i) {
        const ptrdiff_t column = start + i;
        const Cell old = get(here);
        Cell now = old;
        if (LOOK) {
            const Cell ahead = get(there + LANES);
            now = least(least(now, later(behind, row.behind[column])),
                        least(later(beside, row.beside[column]), later(ahead, row.ahead[column])));
            behind = beside;
            beside = ahead;
        }
        now = least(now, later(before, row.along[column - 1]));
        put(here, now);
        last = differing(now, old);
        within = either(within, last);
        if (i == 0) first = last;
        before = now;
        here += LANES;
        there += LANES;
    }
    note(marks, chunk, within, first, last);
}

inline void leftwards(const Row& row, ptrdiff_t start, int count, int chunk, Marks& marks) {
    Changes within = unchanged(), first = unchanged(), last = unchanged();
    float* here = row.here + (start + count - 1) * LANES;
    Cell after = get(here + LANES);
    for (int i = count - 1; i >= 0; --i) {
        const Cell old = get(here);
        const Cell now = least(old, later(after, row.along[start + i]));
        put(here, now);
        first = differing(now, old);
        within = either(within, first);
        if (i == count - 1) last = first;
        after = now;
        here -= LANES;
    }
    note(marks, chunk, within, first, last);
}

inline int lowest(uint32_t bits) {
#if defined(_MSC_VER) && !defined(__clang__)
    unsigned long found;
    _BitScanForward(&found, bits);
    return static_cast<int>(found);
#else
    return __builtin_ctz(bits);
#endif
}

// The smallest of the values that are smaller than before.
inline float lowered(const float* before, const float* now, ptrdiff_t cells) {
    Register found = all(NO_WAY);
    for (ptrdiff_t at = 0; at < cells * LANES; at += WIDTH) {
        const Register value = load(now + at);
        float kept[WIDTH];
        const uint32_t less = where_less(value, load(before + at));
        if (less == 0) continue;
        store(kept, value);
        for (int i = 0; i < WIDTH; ++i)
            if (!(less >> i & 1)) kept[i] = NO_WAY;
        found = least(found, load(kept));
    }
    float each[WIDTH], smallest = NO_WAY;
    store(each, found);
    for (int i = 0; i < WIDTH; ++i) smallest = each[i] < smallest ? each[i] : smallest;
    return smallest;
}

struct Tile {
    ptrdiff_t row, column;              // of tiles
    ptrdiff_t top, bottom, left, right;  // of cells, with the border; bottom and right are one beyond
    int chunks;
};

inline void lower(const Field& field, ptrdiff_t tile_row, ptrdiff_t tile_column, float value) {
    if (tile_row < 0 || tile_row >= field.tile_rows || tile_column < 0 || tile_column >= field.tile_columns) return;
    float& key = field.key[tile_row * field.tile_columns + tile_column];
    if (value < key) key = value;
}

// Tell the tile left or right of this one that the cell next to it has changed.
inline void tell_beside(const Field& field, const Tile& tile, ptrdiff_t row, ptrdiff_t column, uint32_t chunk,
                        float value) {
    if (column < 0 || column >= field.tile_columns) return;
    field.from_below[(row - 1) * field.tile_columns + column] |= chunk;
    field.from_above[row * field.tile_columns + column] |= chunk;
    field.from_above[(row + 1) * field.tile_columns + column] |= chunk;
    lower(field, tile.row, column, value);
    if (row == tile.top) lower(field, tile.row - 1, column, value);
    if (row == tile.bottom - 1) lower(field, tile.row + 1, column, value);
}

// Sweep the chunks of one row that have something to look at, to the right and back.
template <bool DOWN>
inline void sweep(const Field& field, const Tile& tile, ptrdiff_t r) {
    uint32_t* asked = (DOWN ? field.from_above : field.from_below) + r * field.tile_columns + tile.column;
    const uint32_t looks = *asked;
    if (looks == 0) return;
    *asked = 0;
    const ptrdiff_t at = r * field.stride, above = at - field.stride;
    Row row;
    row.here = field.hours + at * LANES;
    row.there = DOWN ? row.here - field.stride * LANES : row.here + field.stride * LANES;
    row.behind = DOWN ? field.south_east + above - 1 : field.south_west + at;
    row.beside = field.south + (DOWN ? above : at);
    row.ahead = DOWN ? field.south_west + above + 1 : field.south_east + at;
    row.along = field.east + at;

    float first[LANES], last[LANES];
    put(first, get(row.here + tile.left * LANES));
    put(last, get(row.here + (tile.right - 1) * LANES));
    const bool at_border = r == tile.top || r == tile.bottom - 1;
    if (at_border) std::memcpy(field.before, row.here + tile.left * LANES, sizeof(float) * LANES * (tile.right - tile.left));

    Marks marks{0, 0, 0};
    const int final_chunk = tile.chunks - 1;
    const int final_count = static_cast<int>(tile.right - tile.left) - final_chunk * CHUNK;
    for (int chunk = lowest(looks); chunk <= final_chunk; ++chunk) {
        const ptrdiff_t start = tile.left + chunk * CHUNK;
        const bool carried = chunk > 0 && (marks.last >> (chunk - 1) & 1);
        if (looks >> chunk & 1) {
            if (chunk < final_chunk) rightwards<true>(row, start, CHUNK, chunk, marks);
            else rightwards<true>(row, start, final_count, chunk, marks);
        } else if (carried) {
            if (chunk < final_chunk) rightwards<false>(row, start, CHUNK, chunk, marks);
            else rightwards<false>(row, start, final_count, chunk, marks);
        } else if (looks >> chunk == 0) {
            break;
        }
    }
    uint32_t& from_right = field.from_right[r * field.tile_columns + tile.column];
    const uint32_t back = marks.any | from_right;
    from_right = 0;
    if (back == 0) return;
    for (int chunk = final_chunk; chunk >= 0; --chunk) {
        const bool carried = chunk < final_chunk && (marks.first >> (chunk + 1) & 1);
        if (!(back >> chunk & 1) && !carried) continue;
        const ptrdiff_t start = tile.left + chunk * CHUNK;
        if (chunk < final_chunk) leftwards(row, start, CHUNK, chunk, marks);
        else leftwards(row, start, final_count, chunk, marks);
    }
    if (marks.any == 0) return;

    const uint32_t whole = final_chunk == 31 ? ~uint32_t{0} : (uint32_t{2} << final_chunk) - 1;
    const uint32_t touched = (marks.any | marks.first >> 1 | marks.last << 1) & whole;
    field.from_above[(r + 1) * field.tile_columns + tile.column] |= touched;
    field.from_below[(r - 1) * field.tile_columns + tile.column] |= touched;
    if (at_border) {
        const float value = lowered(field.before, row.here + tile.left * LANES, tile.right - tile.left);
        if (r == tile.top) lower(field, tile.row - 1, tile.column, value);
        if (r == tile.bottom - 1) lower(field, tile.row + 1, tile.column, value);
    }
    if (marks.first & 1) {
        const float value = lowered(first, row.here + tile.left * LANES, 1);
        const uint32_t chunk = uint32_t{1} << (field.tile / CHUNK - 1);
        tell_beside(field, tile, r, tile.column - 1, chunk, value);
        if (tile.column > 0)
            for (ptrdiff_t at = -1; at <= 1; ++at)
                field.from_right[(r + at) * field.tile_columns + tile.column - 1] |= chunk;
    }
    if (marks.last >> final_chunk & 1) {
        const float value = lowered(last, row.here + (tile.right - 1) * LANES, 1);
        tell_beside(field, tile, r, tile.column + 1, 1, value);
    }
}

void settle(const Field& field, ptrdiff_t tile_row, ptrdiff_t tile_column) {
    Tile tile;
    tile.row = tile_row;
    tile.column = tile_column;
    tile.top = 1 + tile_row * field.tile;
    tile.left = 1 + tile_column * field.tile;
    tile.bottom = tile.top + field.tile <= field.rows + 1 ? tile.top + field.tile : field.rows + 1;
    tile.right = tile.left + field.tile <= field.columns + 1 ? tile.left + field.tile : field.columns + 1;
    tile.chunks = static_cast<int>((tile.right - tile.left + CHUNK - 1) / CHUNK);
    const ptrdiff_t step = field.tile_columns;
    for (bool again = true; again;) {
        again = false;
        for (ptrdiff_t r = tile.top; r < tile.bottom; ++r) sweep<true>(field, tile, r);
        for (ptrdiff_t r = tile.bottom - 1; r >= tile.top; --r) sweep<false>(field, tile, r);
        for (ptrdiff_t r = tile.top; r < tile.bottom && !again; ++r)
            again = (field.from_above[r * step + tile_column] | field.from_below[r * step + tile_column]) != 0;
    }
}

// A neighbour explains a value that is no less than its own and the hours between them: there is a way that long. It
// must be smaller, since two cells may otherwise explain each other where the hours between them are lost in rounding.
int drop(const Field& field, ptrdiff_t cell, float* smallest, ptrdiff_t* hung) {
    const ptrdiff_t below = field.stride;
    const ptrdiff_t neighbour[8] = {cell - 1, cell + 1, cell - below, cell + below,
                                    cell - below - 1, cell + below + 1, cell - below + 1, cell + below - 1};
    const float edge[8] = {field.east[cell - 1], field.east[cell], field.south[cell - below], field.south[cell],
                           field.south_east[cell - below - 1], field.south_east[cell],
                           field.south_west[cell - below + 1], field.south_west[cell]};
    float* hours = field.hours + cell * LANES;
    *smallest = NO_WAY;
    uint32_t hanging = 0;
    for (int part = 0; part < REGISTERS; ++part) {
        const Register value = load(hours + part * WIDTH);
        uint32_t alone = where_less(value, all(NO_WAY)) & where_less(all(0.0f), value);
        for (int i = 0; i < 8 && alone != 0; ++i) {
            const Register other = load(field.hours + neighbour[i] * LANES + part * WIDTH);
            alone &= where_less(value, add(other, all(edge[i]))) | ~where_less(other, value);
        }
        if (alone == 0) continue;
        for (int i = 0; i < 8; ++i) {
            const Register other = load(field.hours + neighbour[i] * LANES + part * WIDTH);
            const uint32_t explained = ~where_less(other, add(value, all(edge[i]))) & where_less(other, all(NO_WAY));
            hanging |= static_cast<uint32_t>((explained & alone) != 0) << i;
        }
        for (; alone != 0; alone &= alone - 1) {
            float& dropped = hours[part * WIDTH + lowest(alone)];
            if (dropped < *smallest) *smallest = dropped;
            dropped = NO_WAY;
        }
    }
    int count = 0;
    for (; hanging != 0; hanging &= hanging - 1) hung[count++] = neighbour[lowest(hanging)];
    return count;
}

void mean(const float* hours, const int64_t* cell, const double* people, ptrdiff_t count, double* found) {
    double with_way[LANES], total[LANES];
    for (int lane = 0; lane < LANES; ++lane) with_way[lane] = total[lane] = 0.0;
    for (ptrdiff_t i = 0; i < count; ++i) {
        const float* values = hours + cell[i] * LANES;
        for (int lane = 0; lane < LANES; ++lane) {
            const bool reached = values[lane] < NO_WAY;
            with_way[lane] += reached ? people[i] : 0.0;
            total[lane] += reached ? people[i] * static_cast<double>(values[lane]) : 0.0;
        }
    }
    for (int lane = 0; lane < LANES; ++lane)
        found[lane] = with_way[lane] > 0.0 ? total[lane] / with_way[lane] : static_cast<double>(NO_WAY);
}

}  // namespace

namespace travel {

#define TRAVEL_TEXT_OF(word) #word
#define TRAVEL_TEXT(word) TRAVEL_TEXT_OF(word)
extern const Variant KERNEL_VARIANT;
const Variant KERNEL_VARIANT = {TRAVEL_TEXT(KERNEL_VARIANT), LANES, settle, drop, mean};

}  // namespace travel
