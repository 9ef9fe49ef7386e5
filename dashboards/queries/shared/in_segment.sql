AND (
    ${segment:singlequote} = 'all'
    OR (startsWith(${segment:singlequote}, 'service=') AND service = substring(${segment:singlequote}, 9))
    OR (startsWith(${segment:singlequote}, 'touchpoint=') AND touchpoint = substring(${segment:singlequote}, 12))
    OR (startsWith(${segment:singlequote}, 'channel=') AND channel = substring(${segment:singlequote}, 9))
    OR (startsWith(${segment:singlequote}, 'customer_type=') AND customer_type = substring(${segment:singlequote}, 15))
)
