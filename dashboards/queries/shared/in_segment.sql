AND ${segment:singlequote} IN (
    'all',
    concat('service=', service),
    concat('touchpoint=', touchpoint),
    concat('channel=', channel),
    concat('customer_type=', customer_type)
)
