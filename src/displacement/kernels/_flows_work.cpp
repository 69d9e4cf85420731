// The part of the kernel of flows that works on vectors, compiled once for each instruction set.
//
// It uses no templates or inline functions of the standard library: their copies here, made for a newer processor,
// could be the ones that the linker keeps for all.

#include "_flows.hpp"

#include "_eight.hpp"

namespace {

using flows::Draw;
using flows::Leaving;
using flows::MOST_SENDINGS;
using flows::Ring;
using flows::Sending;
using flows::Timetable;
using std::ptrdiff_t;

constexpr int ROWS = 4;

// Groups of one key that are worked out side by side, so that their weights are read once. Where there are fewer than
// four, the first stands for the others.
struct Some {
    ptrdiff_t count;
    ptrdiff_t group[ROWS];
    const double* near[ROWS];
    int64_t key;
};

// The next ones from `next` on, which moves beyond them; of all groups, or of those whose people are above 0.
inline Some some(const Draw& draw, const double* people, ptrdiff_t& next) {
    Some found = {};
    for (; next < draw.groups && found.count < ROWS; ++next) {
        if (people != nullptr && !(people[next] > 0)) continue;
        if (found.count > 0 && draw.key[next] != found.key) break;
        found.key = draw.key[next];
        found.group[found.count] = next;
        found.near[found.count++] = draw.near + draw.entry[next] * draw.places;
    }
    for (ptrdiff_t row = found.count; row < ROWS; ++row) found.near[row] = found.near[0];
    return found;
}

// What draws each of them.
inline void products(const Draw& draw, const Some& groups, double (&total)[ROWS]) {
    const double* weight = draw.weight + groups.key * draw.places;
    Eight found[ROWS];
    for (int row = 0; row < ROWS; ++row) found[row] = alike(0.0);
    ptrdiff_t at = 0;
    for (; at + EIGHT <= draw.places; at += EIGHT) {
        const Eight drawn = get(weight + at);
        for (int row = 0; row < ROWS; ++row) found[row] = found[row] + get(groups.near[row] + at) * drawn;
    }
    if (at < draw.places) {
        const Eight drawn = get(weight + at, draw.places - at);
        for (int row = 0; row < ROWS; ++row)
            found[row] = found[row] + get(groups.near[row] + at, draw.places - at) * drawn;
    }
    for (int row = 0; row < ROWS; ++row) total[row] = sum(found[row]);
}

void totals(const Draw& draw, double* total) {
    double found[ROWS];
    for (ptrdiff_t next = 0; next < draw.groups;) {
        const Some groups = some(draw, nullptr, next);
        products(draw, groups, found);
        for (ptrdiff_t row = 0; row < groups.count; ++row) total[groups.group[row]] = found[row];
    }
}

void pulled(const Draw& draw, const double* people, double* found) {
    double total[ROWS];
    Eight each[ROWS];
    for (ptrdiff_t next = 0; next < draw.groups;) {
        const Some groups = some(draw, people, next);
        if (groups.count == 0) break;
        products(draw, groups, total);
        for (int row = 0; row < ROWS; ++row) {
            const bool drawn = row < groups.count && total[row] > 0;
            each[row] = alike(drawn ? people[groups.group[row]] / total[row] : 0.0);
        }
        double* to = found + groups.key * draw.places;
        const auto pull = [&](ptrdiff_t row, ptrdiff_t at, ptrdiff_t left) { return get(groups.near[row] + at, left) * each[row]; };
        for (ptrdiff_t at = 0; at < draw.places; at += EIGHT) {
            const ptrdiff_t left = draw.places - at;
            const Eight early = pull(0, at, left) + pull(1, at, left), late = pull(2, at, left) + pull(3, at, left);
            put(to + at, get(to + at, left) + (early + late), left);
        }
    }
}

// People of a set who set off for eight places, by class of travel time, [place, class]: few classes occur for a place,
// and they lie together.
struct Classes {
    double* people;
    ptrdiff_t first[EIGHT], last[EIGHT];
};

// A group's people who set off for the eight places from `at` on. Their classes of travel time; null where nobody does.
inline const uint16_t* setting_off(const Draw& draw, const double* each, const Timetable& table, int64_t group,
                                   ptrdiff_t at, Eight& flow) {
    if (each[group] == 0) return nullptr;
    const ptrdiff_t left = draw.places - at;
    const double* near = draw.near + draw.entry[group] * draw.places + at;
    const uint16_t* cost = table.cost + table.origin[group] * draw.places + at;
    fetch(near + 2 * EIGHT);
    fetch(cost + 4 * EIGHT);
    flow = get(near, left) * get(draw.weight + draw.key[group] * draw.places + at, left) * alike(each[group]);
    return any(flow) ? cost : nullptr;
}

// Add up a set's people who set off for the eight places from `at` on; all of them by place in `sent`.
inline void add_up(const Draw& draw, const double* each, const Timetable& table, ptrdiff_t set, ptrdiff_t at,
                   Classes& classes, Eight& sent) {
    const ptrdiff_t left = draw.places - at, places = left < EIGHT ? left : EIGHT;
    sent = alike(0.0);
    for (int place = 0; place < EIGHT; ++place) {
        classes.first[place] = table.classes;
        classes.last[place] = -1;
    }
    for (int64_t position = table.first[set]; position < table.first[set + 1]; ++position) {
        Eight flow;
        const uint16_t* cost = setting_off(draw, each, table, table.member[position], at, flow);
        if (cost == nullptr) continue;
        sent = sent + flow;
        double people[EIGHT];
        put(people, flow);
        for (ptrdiff_t place = 0; place < places; ++place) {
            if (!(people[place] > 0)) continue;
            const ptrdiff_t own = cost[place];
            classes.people[place * table.classes + own] += people[place];
            classes.first[place] = own < classes.first[place] ? own : classes.first[place];
            classes.last[place] = own > classes.last[place] ? own : classes.last[place];
        }
    }
}

// When they arrive: sixteen lags from `lag` on, [place, lag].
inline void spread(const Timetable& table, const Classes& classes, ptrdiff_t lag, double (&when)[EIGHT][2 * EIGHT]) {
    const bool both = lag + EIGHT < table.padded;
    for (int place = 0; place < EIGHT; ++place) {
        Eight early = alike(0.0), late = alike(0.0);
        for (ptrdiff_t own = classes.first[place]; own <= classes.last[place]; ++own) {
            const Eight people = alike(classes.people[place * table.classes + own]);
            const double* weights = table.weights + own * table.padded + lag;
            early = early + people * get(weights);
            if (both) late = late + people * get(weights + EIGHT);
        }
        put(when[place], early);
        put(when[place] + EIGHT, late);
    }
}

// The same without adding up first, which is quicker for few groups.
inline void spread_each(const Draw& draw, const double* each, const Timetable& table, ptrdiff_t set, ptrdiff_t at,
                        ptrdiff_t lag, Eight& sent, double (&when)[EIGHT][2 * EIGHT]) {
    const ptrdiff_t left = draw.places - at;
    const double* weights = table.weights + lag;
    const ptrdiff_t more = lag + EIGHT < table.padded ? EIGHT : 0;
    Eight all = alike(0.0), early[EIGHT], late[EIGHT];
    for (int place = 0; place < EIGHT; ++place) early[place] = late[place] = all;
    for (int64_t position = table.first[set]; position < table.first[set + 1]; ++position) {
        Eight flow;
        const uint16_t* cost = setting_off(draw, each, table, table.member[position], at, flow);
        if (cost == nullptr) continue;
        all = all + flow;
        double people[EIGHT];
        put(people, flow);
        uint16_t some[EIGHT] = {};
        if (left < EIGHT) {
            for (ptrdiff_t place = 0; place < left; ++place) some[place] = cost[place];
            cost = some;
        }
        for (int place = 0; place < EIGHT; ++place) {
            const Eight those = alike(people[place]);
            early[place] = early[place] + get(weights + cost[place] * table.padded) * those;
            late[place] = late[place] + get(weights + cost[place] * table.padded + more) * those;
        }
    }
    sent = all;
    for (int place = 0; place < EIGHT; ++place) {
        put(when[place], early[place]);
        put(when[place] + EIGHT, late[place]);
    }
}

constexpr int64_t FEW = 32;  // groups of a set

void arriving(const Draw& draw, const double* each, const Timetable& table, double* room, double* sent, double* by_lag) {
    Classes classes;
    classes.people = room;
    Eight all;
    double when[EIGHT][2 * EIGHT];
    for (ptrdiff_t set = 0; set < table.sets; ++set) {
        const bool few = table.first[set + 1] - table.first[set] <= FEW;
        for (ptrdiff_t at = 0; at < draw.places; at += EIGHT) {
            const ptrdiff_t left = draw.places - at, places = left < EIGHT ? left : EIGHT;
            if (!few) add_up(draw, each, table, set, at, classes, all);
            for (ptrdiff_t first = 0; first < table.lags; first += 2 * EIGHT) {
                if (few)
                    spread_each(draw, each, table, set, at, first, all, when);
                else
                    spread(table, classes, first, when);
                for (ptrdiff_t lag = first; lag < table.lags && lag < first + 2 * EIGHT; ++lag) {
                    double* to = by_lag + (lag * table.sets + set) * draw.places + at;
                    for (ptrdiff_t place = 0; place < places; ++place) to[place] = when[place][lag - first];
                }
            }
            put(sent + set * draw.places + at, all, left);
            if (few) continue;
            for (ptrdiff_t place = 0; place < places; ++place)
                for (ptrdiff_t own = classes.first[place]; own <= classes.last[place]; ++own)
                    room[place * table.classes + own] = 0.0;
        }
    }
}

void send(const Ring& ring, const Sending* sendings, ptrdiff_t count) {
    for (ptrdiff_t lag = 0; lag < ring.slots; ++lag) {
        const ptrdiff_t slot = (ring.due + lag) % ring.slots;
        double* of_places = ring.of_places + slot * ring.places;
        for (ptrdiff_t row = 0; row < ring.rows; ++row) {
            const double *going[MOST_SENDINGS], *pace[MOST_SENDINGS];
            Eight alone[MOST_SENDINGS];
            bool by_place[MOST_SENDINGS];
            int some = 0;
            for (const Sending* one = sendings; one < sendings + count; ++one) {
                const double* own = one->going + row * (one->by_place ? ring.places : 1);
                if (lag >= one->lags || (!one->by_place && *own == 0)) continue;
                by_place[some] = one->by_place;
                going[some] = own;
                alone[some] = alike(*own);
                pace[some++] = one->pace + (lag * one->sets + one->set[row]) * ring.places;
            }
            if (some == 0) continue;
            double* to = ring.people + (slot * ring.rows + row) * ring.places;
            Eight all_places = alike(0.0);
            for (ptrdiff_t at = 0; at < ring.places; at += EIGHT) {
                const ptrdiff_t left = ring.places - at;
                Eight people = alike(0.0);
                for (int one = 0; one < some; ++one)
                    people = people + (by_place[one] ? get(going[one] + at, left) : alone[one]) * get(pace[one] + at, left);
                put(to + at, get(to + at, left) + people, left);
                put(of_places + at, get(of_places + at, left) + people, left);
                all_places = all_places + people;
            }
            ring.of_rows[slot * ring.rows + row] += sum(all_places);
        }
    }
}

// With a and b the chances of two ways to leave if each were alone, a + b - a b leave; of them each way takes its part
// of the hazard.
void leave(const Leaving& leaving) {
    const Eight least = alike(1e-300);
    for (ptrdiff_t row = 0; row < leaving.rows; ++row) {
        const double *present = leaving.present + row * leaving.places,
                     *onward = leaving.onward + leaving.key[row] * leaving.places,
                     *moved = leaving.moved + leaving.key[row] * leaving.places,
                     *open = leaving.open + leaving.way[row] * leaving.places;
        const Eight homeward = alike(leaving.homeward[row]), returned = alike(leaving.returned[row]);
        for (ptrdiff_t at = 0; at < leaving.places; at += EIGHT) {
            const ptrdiff_t left = leaving.places - at;
            const Eight a = get(moved + at, left), way = get(open + at, left), b = returned * way;
            const Eight gone = get(present + at, left) * (a + b - a * b);
            const Eight hazard = homeward * way;
            const Eight home = gone * (hazard / greater(hazard + get(onward + at, left), least));
            put(leaving.home + row * leaving.places + at, home, left);
            put(leaving.on + row * leaving.places + at, gone - home, left);
        }
    }
}

}  // namespace

#define NAME_OF(name) #name
#define NAME(name) NAME_OF(name)

namespace flows {
extern const Variant KERNEL_VARIANT;
const Variant KERNEL_VARIANT = {NAME(KERNEL_VARIANT), totals, pulled, arriving, send, leave};
}  // namespace flows
