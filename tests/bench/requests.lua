-- requests.lua   for wrk: what tests/lib/load.py asks for, and its figures as one line of JSON.
-- SPDX-License-Identifier: Apache-2.0
--
-- wrk ... -- METHOD PATH IDS PAUSE_MS [BODY_FILE NAMES [HEADER VALUE]...]
-- PAUSE_MS is what each client waits from an answer to its next request.
-- "{id}" in PATH is a number between 1 and IDS, another in each request. "{name}" in the body is a new name in each
-- request: NAMES and a number of as many digits, always.

local number = 0

local function parts(text, mark)
	local first, last = text:find(mark, 1, true)
	if first then
		return text:sub(1, first - 1), text:sub(last + 1)
	end
end

local function read(file)
	local handle = assert(io.open(file))
	local text = handle:read("*a")
	handle:close()
	return text
end

function init(args)
	wrk.method, wrk.path = args[1], args[2]
	wrk.body = args[5] and read(args[5])
	for i = 7, #args, 2 do
		wrk.headers[args[i]] = args[i + 1]
	end
	local ids, pause_ms, names = tonumber(args[3]), tonumber(args[4]), args[6]
	-- with this function wrk is slower, even where it says 0
	if pause_ms > 0 then
		function delay()
			return pause_ms
		end
	end
	local before_id, after_id = parts(wrk.path, "{id}")
	local before_name, after_name = parts(wrk.body or "", "{name}")
	-- without this function wrk makes the request once
	if before_id then
		math.randomseed(os.time())
		function request()
			return wrk.format(nil, before_id .. math.random(ids) .. after_id)
		end
	elseif before_name then
		function request()
			number = number + 1
			local name = names .. string.format("%07d", number)
			return wrk.format(nil, nil, nil, before_name .. name .. after_name)
		end
	end
end

function done(summary, latency)
	local errors = summary.errors
	io.write(string.format(
		'\n{"answers": %d, "seconds": %.6f, "p50_ms": %.4f, "p99_ms": %.4f, "refused": %d, "broken": %d}\n',
		summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
		errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
