"""What watch decides: pure judgements of rules on what was booked, told and registered. Time is an argument."""
